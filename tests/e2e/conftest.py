"""The whole stack for the stories of this folder, started once."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.async_api import expect

from support.engines import KAFKA, MONGO, are_real, running_engines
from support.open_office import always_open
from support.stack import TestStack

# A page is as quick as its machine: what is expected may take its time, and comes or does not.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestStack]:
    """`ventanilla up`, ready, with an institution that is always open."""
    folder = tmp_path_factory.mktemp("stack")
    environment, options = always_open(folder), list[str]()
    with ExitStack() as context:
        if are_real():
            engines = context.enter_context(running_engines(folder / "engines"))
            environment |= {KAFKA: engines.kafka, MONGO: engines.mongo}
            options = ["--no-engines"]
        running = context.enter_context(TestStack(folder / "data", environment))
        yield running.start(*options).wait_ready()
