"""Every service as it runs in earnest, for those who attack it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.engines import running_engines
from support.fleet import Fleet


@pytest.fixture(scope="session")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the services of `fleet` write: all that they say during the run."""
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory, logs: Path) -> Iterator[Fleet]:
    engines = running_engines(tmp_path_factory.mktemp("engines"))
    with engines as running, Fleet(running, "security", logs) as fleet:
        fleet.start().wait_ready()
        yield fleet
