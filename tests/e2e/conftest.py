"""The whole stack for the stories of this folder, started once."""

from collections.abc import Iterator

import pytest

from support.open_office import always_open
from support.stack import TestStack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestStack]:
    """`ventanilla up`, ready, with an institution that is always open."""
    folder = tmp_path_factory.mktemp("stack")
    with TestStack(folder / "data", always_open(folder)) as running:
        yield running.start().wait_ready()
