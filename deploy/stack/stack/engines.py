"""The embedded engines: a broker of Kafka's protocol and a store of MongoDB's, as two child processes.

They stand in for real ones where there are none: on a developer's machine and in tests. Services never know
the difference; only URLs differ. Both keep their data in folders, so a restart finds it again. The broker
writes its folder about once a second and at SIGTERM: killed, it may lose the last second.

Nothing here is asynchronous: `start_engines` and `Engine.stop` block; an event loop calls them in a thread.
"""

import os
import random
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from itertools import cycle, islice
from pathlib import Path
from typing import Self

HOST = "127.0.0.1"

_START_SECONDS = 30.0
_STOP_SECONDS = 60.0
"""The broker writes its log to disk when it stops; a large one takes a while."""
_ATTEMPTS = 3
_HARMLESS = ("weak version `GLIBC",)
"""What the broker's loader says on systems older than the one that built it; nothing follows from it."""


class EngineError(Exception):
    """An engine did not start. The message names it, and has the last lines that it wrote."""


@dataclass(frozen=True)
class Engine:
    """One running engine, its own session leader: a terminal's Ctrl-C does not reach it."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def last_lines(self, count: int = 10) -> list[str]:
        """What it wrote last, without the harmless lines."""
        return last_lines(self.log, count)

    def stop(self, grace_seconds: float = _STOP_SECONDS) -> None:
        """SIGTERM, which makes it save its data, and SIGKILL after `grace_seconds`. Blocks."""
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass(frozen=True)
class Engines:
    """Both engines, answering."""

    kafka_engine: Engine
    mongo_engine: Engine

    @property
    def kafka(self) -> str:
        """Kafka's bootstrap string."""
        return f"{HOST}:{self.kafka_engine.port}"

    @property
    def mongo(self) -> str:
        """MongoDB's URL."""
        return f"mongodb://{HOST}:{self.mongo_engine.port}"

    @property
    def both(self) -> tuple[Engine, Engine]:
        return self.kafka_engine, self.mongo_engine

    def stop(self) -> None:
        """Stops both; blocks until they have saved their data."""
        for engine in self.both:
            engine.process.terminate()
        for engine in self.both:
            engine.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_engines(data: Path, kafka_port: int | None = None, mongo_port: int | None = None) -> Engines:
    """Start both below `data`, on the given ports or on free ones, and wait until they answer.

    Raises `EngineError`; then neither runs.
    """
    kafka = start_engine("kafka", kafka_port, data, _kafka_command, kafka_answers)
    try:
        mongo = start_engine("mongo", mongo_port, data, _mongo_command, mongo_answers)
    except BaseException:
        kafka.stop()
        raise
    return Engines(kafka, mongo)


_SERVERS = range(20_000, 32_768)
"""Below those that Linux gives to outgoing connections, which could take one while its server is away."""
_turn = cycle(random.sample(_SERVERS, len(_SERVERS)))


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: TIME_WAIT is no obstacle
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port of the loopback interface that nobody listens on just now; the same again only after all others.

    Raises `EngineError` when none is free.
    """
    for port in islice(_turn, len(_SERVERS)):
        if is_free(port):
            return port
    raise EngineError(f"no port from {_SERVERS.start} to {_SERVERS.stop - 1} is free; stop what holds them")


def last_lines(log: Path, count: int = 10) -> list[str]:
    """The end of a log file, without what is known to be harmless; empty when there is no file."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    lines = [line for line in text.splitlines() if not any(mark in line for mark in _HARMLESS)]
    return lines[-count:]


Command = Callable[[Path, int], list[str]]
"""From the engine's folder and port to what is to be run."""
Answers = Callable[[int], bool]
"""Whether it answers on that port."""


def _kafka_command(data: Path, port: int) -> list[str]:
    # The binary itself, not the package's wrapper: a signal must reach the process that holds the data.
    binary = Path(str(files("noida_db") / "noida-db"))
    if not os.access(binary, os.X_OK):
        binary.chmod(0o755)
    return [str(binary), "start", "--only", "kafka", "--kafka-port", str(port), "--data-dir", str(data)]


def _mongo_command(data: Path, port: int) -> list[str]:
    return [
        sys.executable, "-m", "stack.document_engine", "--data-dir", str(data), "-p", str(port),
        "--log-file", os.devnull, "--pid-file", str(data / "nx-27017.pid"),
    ]  # fmt: skip


def start_engine(name: str, port: int | None, data: Path, command: Command, answers: Answers) -> Engine:
    """Start one below `data` and wait until it answers; its log is `logs/<name>.log` there. Blocks.

    Somebody else may take a free port before the engine does; then another one is tried.
    Raises `EngineError`.
    """
    attempts = 1 if port else _ATTEMPTS
    for attempt in range(1, attempts + 1):
        try:
            return _start_once(name, port or free_port(), data, command, answers)
        except EngineError:
            if attempt == attempts:
                raise
    raise AssertionError("unreachable")


def _start_once(name: str, port: int, data: Path, command: Command, answers: Answers) -> Engine:
    if not is_free(port):
        raise EngineError(f"the embedded {name} cannot start: port {port} is taken")
    folder = data / name
    folder.mkdir(parents=True, exist_ok=True)
    log = data / "logs" / f"{name}.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(folder, port),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    engine = Engine(name, port, process, log)
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise EngineError(_failure(engine, f"ended with status {process.returncode}"))
        if answers(port):
            return engine
        time.sleep(0.05)
    engine.stop(grace_seconds=5)
    raise EngineError(_failure(engine, f"did not answer on port {port} within {_START_SECONDS:.0f} s"))


def _failure(engine: Engine, what: str) -> str:
    return "\n  ".join([f"the embedded {engine.name} {what}", *engine.last_lines()])


# The smallest question that each protocol has. An open port is not enough: it opens before data is read.
_KAFKA_API_VERSIONS = struct.pack(">hhih", 18, 0, 1, -1)
_MONGO_PING = b"\x10ping\0\x01\0\0\0" + b"\x02$db\0\x06\0\0\0admin\0" + b"\0"


def kafka_answers(port: int) -> bool:
    """Whether a broker there answers an ApiVersions request. Blocks for a second at most."""
    request = struct.pack(">i", len(_KAFKA_API_VERSIONS)) + _KAFKA_API_VERSIONS
    return _ask(port, request) is not None


def mongo_answers(port: int) -> bool:
    """Whether a server there answers a ping (OP_MSG). Blocks for a second at most."""
    document = struct.pack("<i", len(_MONGO_PING) + 4) + _MONGO_PING
    body = struct.pack("<iiiIB", 1, 0, 2013, 0, 0) + document
    return _ask(port, struct.pack("<i", len(body) + 4) + body) is not None


def _ask(port: int, request: bytes) -> bytes | None:
    try:
        with socket.create_connection((HOST, port), timeout=1.0) as connection:
            connection.sendall(request)
            return connection.recv(4096) or None
    except OSError:
        return None
