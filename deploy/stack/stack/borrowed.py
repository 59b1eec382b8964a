"""A stack for one command: the one that runs, or one that is started for as long as the command needs it."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stack.engines import last_lines
from stack.state import data_folder
from stack.status import gather_status
from stack.supervision import READY_SECONDS


class NoStackError(Exception):
    """No stack could be started; the message has what it said."""


@contextmanager
def running_stack() -> Iterator[None]:
    """Inside, a ready stack runs on the data folder. Raises `NoStackError`. Blocks while one starts."""
    data = data_folder()
    if _ready(data):
        yield
        return
    sys.stderr.write("no stack is ready here: starting one for this command ...\n")
    log = data / "logs" / "stack.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "stack", "up", "--data", str(data)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(process, data, log)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def _wait(process: subprocess.Popen[bytes], data: Path, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS + 30
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NoStackError("\n".join(["the stack did not start:", *last_lines(log, 20)]))
        if _ready(data):
            return
        time.sleep(0.5)
    raise NoStackError(f"the stack is not ready; its log: {log}")


def _ready(data: Path) -> bool:
    return bool(asyncio.run(gather_status(data))["ready"])
