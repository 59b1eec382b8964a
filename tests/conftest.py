"""Fixtures for every test: the engines, and a database that nobody used before."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings

from support.engines import RunningEngines, running_engines
from ventanilla.observability import configure_logging

if TYPE_CHECKING:
    from playwright.async_api import Browser


# A property holds however slow the machine is: no example fails on a time.
settings.register_profile("ventanilla", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ventanilla")


@pytest.fixture(scope="session", autouse=True)
def _logs() -> None:
    configure_logging("tests", "WARNING")


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngines]:
    """Engines for the whole run."""
    with running_engines(tmp_path_factory.mktemp("engines")) as running:
        yield running


@pytest.fixture(scope="module")
def fresh_engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngines]:
    """Engines of this module's own: empty topics, and free to be filled."""
    with running_engines(tmp_path_factory.mktemp("engines")) as running:
        yield running


@pytest.fixture
def new_engines(tmp_path: Path) -> Iterator[Callable[[], RunningEngines]]:
    """Starts engines on demand, for a test that needs empty ones for itself alone."""
    with ExitStack() as running:
        yield lambda: running.enter_context(running_engines(tmp_path / uuid4().hex[:8]))


@pytest.fixture
def database() -> str:
    """A fresh name: no test sees another's documents."""
    return f"test_{uuid4().hex[:12]}"


@pytest.fixture
async def browser() -> AsyncIterator["Browser"]:
    """A real headless Chromium."""
    from support.browser import launched  # Playwright takes half a second to import: unit tests do without

    async with launched() as running:
        yield running
