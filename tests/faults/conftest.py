"""A whole system that a test may hurt in any place: Apache Kafka, a store, the services, the wires between.

Started once for all tests that ask for it; each of them leaves it whole. Every result is kept as a row of the
table of faults (`support.fault_table`).
"""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from support.engines import are_real
from support.fault_table import FaultTable
from support.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    if not are_real():
        pytest.skip("the embedded engines are not for breaking: `make test-engines` runs this on real ones")
    with World(tmp_path_factory.mktemp("world"), f"faults_{uuid4().hex[:8]}") as running:
        yield running


@pytest.fixture(scope="session")
def table() -> FaultTable:
    return FaultTable()
