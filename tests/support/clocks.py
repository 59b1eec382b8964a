"""A wall clock that a test can set, for processes that know nothing of it: Debian's libfaketime."""

import os
import shutil
import subprocess
from pathlib import Path

_PLACES = ("usr/lib/*/faketime/libfaketime.so.1", "usr/lib*/faketime/libfaketime.so.1")


def _library() -> Path | None:
    return next((path for place in _PLACES for path in Path("/").glob(place)), None)


def ensure_library() -> None:
    """Install it where there is none, if we may. Raises `FileNotFoundError`, which says what to do."""
    if _library() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update"], ["install", "-y", "--no-install-recommends", "libfaketime"]):
            subprocess.run(["apt-get", "-qq", *words], env=quiet, capture_output=True, check=False)
    if _library() is None:
        raise FileNotFoundError("libfaketime is missing; install it (Debian: apt-get install libfaketime)")


def clock_of(file: Path) -> dict[str, str]:
    """The environment of a process whose wall clock is as far off as `file` says; right until it is changed.

    Monotonic time, by which a process measures how long things take, stays as it is. Raises
    `FileNotFoundError` where the library is not installed.
    """
    ensure_library()
    file.write_text("+0")
    return {
        "LD_PRELOAD": str(_library()),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_RESET": "1",
    }
