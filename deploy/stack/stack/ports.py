"""Taken ports, told before anything starts: which, for what, by whom, and what to set."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from stack.engines import is_free

_LISTEN = "0A"  # the state's code in /proc/net/tcp


@dataclass(frozen=True)
class Wanted:
    """A port that the stack is about to use."""

    port: int
    name: str
    variable: str
    """The environment variable that moves it."""


@dataclass(frozen=True)
class Owner:
    """The process that listens on a port."""

    pid: int
    command: str


def conflicts(wanted: Iterable[Wanted]) -> list[str]:
    """A sentence for each port that cannot be used; empty when all are free."""
    problems: list[str] = []
    seen: dict[int, Wanted] = {}
    for need in wanted:
        if need.port in seen:
            other = seen[need.port]
            problems.append(
                f"port {need.port} is wanted twice, for {other.name} and {need.name}; "
                f"set {other.variable} or {need.variable} to another one"
            )
        elif not is_free(need.port):
            problems.append(taken(need, owner_of(need.port)))
        seen.setdefault(need.port, need)
    return problems


def taken(need: Wanted, owner: Owner | None) -> str:
    """`port 8010 (ingest) is taken by python3 (pid 7); stop it, or set VENTANILLA_INGEST_PORT ...`"""
    by = f" by {owner.command} (pid {owner.pid}); stop it" if owner else "; find who listens there"
    return f"port {need.port} ({need.name}) is taken{by}, or set {need.variable} to a free port"


def owner_of(port: int, proc: Path = Path("/proc")) -> Owner | None:
    """Who listens on `port`, where the system tells (Linux, and only what this user may see)."""
    inodes = _listening_inodes(port, proc)
    if not inodes:
        return None
    sockets = {f"socket:[{inode}]" for inode in inodes}
    for folder in proc.glob("[0-9]*"):
        try:
            if any(os.readlink(handle) in sockets for handle in (folder / "fd").iterdir()):
                return Owner(int(folder.name), command_of(int(folder.name), proc) or "a process")
        except OSError:
            continue  # it ended meanwhile, or is another user's
    return None


def command_of(pid: int, proc: Path = Path("/proc")) -> str | None:
    """The command line of a living process, shortened; None when it is gone or cannot be seen."""
    try:
        raw = (proc / str(pid) / "cmdline").read_bytes()
    except OSError:
        return None
    words = [word.decode(errors="replace") for word in raw.split(b"\0") if word]
    if not words:
        return None
    return " ".join([Path(words[0]).name, *words[1:]])[:80]


def _listening_inodes(port: int, proc: Path) -> set[str]:
    inodes: set[str] = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            columns = line.split()
            if columns[3] == _LISTEN and int(columns[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(columns[9])
    return inodes
