"""Fixtures for every test: the engines, and a database that nobody used before."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings

from stack.engines import start_engines
from support.engines import RunningEngines
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
    """The embedded engines for the whole run, or those that VENTANILLA_TEST_KAFKA and _MONGO name."""
    kafka, mongo = os.environ.get("VENTANILLA_TEST_KAFKA"), os.environ.get("VENTANILLA_TEST_MONGO")
    if kafka and mongo:
        yield RunningEngines(kafka, mongo)
        return
    with start_engines(tmp_path_factory.mktemp("engines")) as embedded:
        yield RunningEngines(kafka or embedded.kafka, mongo or embedded.mongo)


@pytest.fixture(scope="module")
def fresh_engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngines]:
    """Embedded engines of this module's own: empty topics, and free to be filled or killed."""
    with start_engines(tmp_path_factory.mktemp("engines")) as embedded:
        yield RunningEngines(embedded.kafka, embedded.mongo)


@pytest.fixture
def new_engines(tmp_path: Path) -> Iterator[Callable[[], RunningEngines]]:
    """Starts embedded engines on demand, for a test that needs empty ones for itself alone."""
    with ExitStack() as running:

        def start() -> RunningEngines:
            embedded = running.enter_context(start_engines(tmp_path / uuid4().hex[:8]))
            return RunningEngines(embedded.kafka, embedded.mongo)

        yield start


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
