"""The whole stack for the stories of this folder, started once."""

from collections.abc import Iterator

import pytest
from playwright.async_api import expect

from support.open_office import always_open
from support.stack import TestStack

# A page is as quick as its machine: what is expected may take its time, and comes or does not.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestStack]:
    """`ventanilla up`, ready, with an institution that is always open."""
    folder = tmp_path_factory.mktemp("stack")
    with TestStack(folder / "data", always_open(folder)) as running:
        yield running.start().wait_ready()
