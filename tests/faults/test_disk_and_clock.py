"""A disk is full, and a clock jumps, under traffic."""

import asyncio
import resource
import time
from collections.abc import Callable

import pytest

from stack.engines import Engine
from support.fault_table import FaultTable, chosen
from support.world import World

pytestmark = pytest.mark.timeout(420)


def _filled(engine: Engine) -> None:
    """From now on the engine's files cannot grow: for it, the disk is full."""
    _, most = resource.prlimit(engine.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(engine.process.pid, resource.RLIMIT_FSIZE, (4096, most))


def store_full(world: World) -> None:
    """It fails every write, and has to be started again when there is room."""
    _filled(world.store)
    time.sleep(6)
    world.store.process.kill()
    world.store.process.wait()
    world.restart_store()


def kafka_full(world: World) -> None:
    """Kafka gives its log up and ends; an operator makes room and starts it."""
    (broker,) = world.kafka.brokers
    assert broker.engine is not None, "it runs"
    _filled(broker.engine)
    time.sleep(6)
    broker.kill()
    world.kafka.restart(broker)


def ahead(world: World) -> None:
    world.jump("+3h")
    time.sleep(4)
    world.jump("+0")


def behind(world: World) -> None:
    world.jump("-3h")
    time.sleep(4)
    world.jump("+0")


FAULTS: dict[str, Callable[[World], None]] = {
    "store: its disk is full for 6 s": store_full,
    "Kafka: its disk is full for 6 s": kafka_full,
    "services: their clock jumps 3 h ahead, and back": ahead,
    "services: their clock jumps 3 h behind, and back": behind,
}


@pytest.mark.parametrize("name", chosen(FAULTS, 1))
def test_nothing_is_lost_or_repeated(world: World, table: FaultTable, name: str) -> None:
    # Between two clocks three hours pass for some conversations and not for others: those close as idle.
    alike = "clock" not in name
    seed = 400 + list(FAULTS).index(name)
    table.add(asyncio.run(world.endures(name, FAULTS[name], seed=seed, alike=alike)))
