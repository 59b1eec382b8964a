"""What a killed `up` left running: found by what it wrote down, and ended before a new start."""

import os
import signal
import time
from pathlib import Path

from stack.ports import command_of
from stack.services import ALL
from stack.state import StackState, forget_state, read_state

_GRACE_SECONDS = 30.0


def end_leftovers(data: Path) -> list[str]:
    """End the children of an earlier `up` on `data` that died without stopping them. Blocks.

    Call it while holding `data`. A process is ended only when its command line is that of the child written
    down: numbers of processes are used again. Returns a line for each one ended.
    """
    state = read_state(data)
    if state is None:
        return []
    services = {running.pid: name for name, running in state.services.items()}
    ours = [pid for pid in services if _is_service(pid)]
    engines = [pid for pid in state.engine_pids if _is_engine(pid)]
    _end(ours)
    _end(engines)
    forget_state(data)
    names = [services[pid] for pid in ours] + ["embedded engines"] * bool(engines)
    return [f"stopped what an earlier run left behind: {', '.join(names)}"] if names else []


def engines_of(state: StackState) -> list[int]:
    """Its embedded engines that still live."""
    return [pid for pid in state.engine_pids if _is_engine(pid)]


def _is_service(pid: int) -> bool:
    command = command_of(pid) or ""
    return any(f"-m {service.module}" in command for service in ALL)


def _is_engine(pid: int) -> bool:
    command = command_of(pid) or ""
    return "noida-db" in command or "stack.document_engine" in command


def _end(pids: list[int]) -> None:
    for pid in pids:
        _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + _GRACE_SECONDS
    while any(command_of(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in pids:
        if command_of(pid):
            _signal(pid, signal.SIGKILL)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
