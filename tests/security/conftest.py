"""Every service as it runs in earnest, for those who attack it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.engines import RunningEngines, running_engines
from support.fleet import Fleet

DATABASE = "security"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Below it, in `*.log`, is everything that services and engines say during the run."""
    return tmp_path_factory.mktemp("running")


@pytest.fixture(scope="session")
def ground(folder: Path) -> Iterator[RunningEngines]:
    with running_engines(folder) as engines:
        yield engines


@pytest.fixture(scope="session")
def fleet(ground: RunningEngines, folder: Path) -> Iterator[Fleet]:
    (folder / "services").mkdir()
    with Fleet(ground, DATABASE, folder / "services") as fleet:
        fleet.start().wait_ready(seconds=240)
        yield fleet
