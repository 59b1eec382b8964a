"""A stack's folder: where its data is, who holds it, and what runs on it just now."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel

CHECKOUT = Path(__file__).resolve().parents[3]
"""The root of the source tree, when the package runs from one."""

STATE = "stack.json"
LOCK = "lock"


class InUseError(Exception):
    """Another stack runs on the same data."""


class RunningService(BaseModel):
    """One child of a stack: its address and its process."""

    url: str
    pid: int


class StackState(BaseModel):
    """What `up` writes down when it has started everything, and removes when it has stopped it."""

    pid: int
    kafka: str
    mongo: str
    database: str
    config: Path
    services: dict[str, RunningService]
    """By the service's name; the sandbox is one of them."""
    engine_pids: list[int] = []
    """Of the embedded engines that this stack started; none when it was given running ones."""


def home() -> Path:
    """The folder that relative defaults start from: the source tree, or else the working directory."""
    return CHECKOUT if (CHECKOUT / "deploy" / "config").is_dir() else Path.cwd()


def data_folder() -> Path:
    """VENTANILLA_DATA, or `.ventanilla` at home."""
    return Path(os.environ.get("VENTANILLA_DATA") or home() / ".ventanilla")


def config_file() -> Path:
    """VENTANILLA_CONFIG, or the file of the case at home."""
    return Path(os.environ.get("VENTANILLA_CONFIG") or home() / "deploy" / "config" / "cnr.yaml").absolute()


def read_state(data: Path) -> StackState | None:
    """What runs on `data`, as far as was written down; None when nothing was."""
    try:
        return StackState.model_validate_json((data / STATE).read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def write_state(data: Path, state: StackState) -> None:
    """Atomically: a reader finds all of it or what was there before."""
    draft = data / f".{STATE}.{os.getpid()}"
    draft.write_text(json.dumps(state.model_dump(mode="json"), indent=2) + "\n", encoding="utf-8")
    draft.replace(data / STATE)


def forget_state(data: Path) -> None:
    (data / STATE).unlink(missing_ok=True)


@contextmanager
def exclusive(data: Path) -> Iterator[None]:
    """Hold `data` for this process. Raises `InUseError` when another does; the system lets go at its end."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / LOCK).open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise InUseError(
                f"a stack runs on {data} already (pid {holder}). `ventanilla status` tells where; "
                "stop it there with Ctrl-C, or use other data with --data."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
