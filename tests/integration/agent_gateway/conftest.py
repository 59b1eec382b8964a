"""A desk and a router for each test, on engines of the module's own."""

from collections.abc import AsyncIterator

import pytest

from support.desk import World, running_desk
from support.engines import RunningEngines


@pytest.fixture
async def world(fresh_engines: RunningEngines, database: str) -> AsyncIterator[World]:
    async with running_desk(fresh_engines, database) as running:
        yield running
