"""An engine dies, hangs, slows down or cannot be reached, under traffic."""

import asyncio
import signal
import time
from collections.abc import Callable

import pytest

from support.fault_table import FaultTable, chosen
from support.proxy import Wire
from support.world import World

Fault = Callable[[World], None]

pytestmark = pytest.mark.timeout(420)


def store_killed(world: World) -> None:
    world.store.process.kill()
    world.store.process.wait()
    time.sleep(3)
    world.restart_store()


def store_stopped(world: World) -> None:
    world.store.process.send_signal(signal.SIGSTOP)
    time.sleep(8)
    world.store.process.send_signal(signal.SIGCONT)


def store_slow(world: World) -> None:
    world.store_wire.set(Wire.SOUND, delay_seconds=0.2)
    time.sleep(8)
    world.store_wire.set(Wire.SOUND)


def store_cut(world: World) -> None:
    world.store_wire.set(Wire.CUT)
    time.sleep(8)
    world.store_wire.set(Wire.SOUND)


def store_silent(world: World) -> None:
    world.store_wire.set(Wire.SILENT)
    time.sleep(8)
    world.store_wire.set(Wire.SOUND)


def kafka_killed(world: World) -> None:
    (broker,) = world.kafka.brokers
    broker.kill()
    time.sleep(3)
    world.kafka.restart(broker)


def kafka_stopped(world: World) -> None:
    (broker,) = world.kafka.brokers
    broker.pause()
    time.sleep(8)
    broker.resume()


def kafka_slow(world: World) -> None:
    world.kafka_wire.set(Wire.SOUND, delay_seconds=0.2)
    time.sleep(8)
    world.kafka_wire.set(Wire.SOUND)


def kafka_cut(world: World) -> None:
    world.kafka_wire.set(Wire.CUT)
    time.sleep(8)
    world.kafka_wire.set(Wire.SOUND)


def kafka_silent(world: World) -> None:
    world.kafka_wire.set(Wire.SILENT)
    time.sleep(8)
    world.kafka_wire.set(Wire.SOUND)


FAULTS: dict[str, Fault] = {
    "store: kill -9, back after 3 s": store_killed,
    "store: stopped for 8 s (SIGSTOP)": store_stopped,
    "store: 0.2 s slower each way, for 8 s": store_slow,
    "store: connections cut for 8 s": store_cut,
    "store: nothing passes for 8 s": store_silent,
    "Kafka: kill -9, back after 3 s": kafka_killed,
    "Kafka: stopped for 8 s (SIGSTOP)": kafka_stopped,
    "Kafka: 0.2 s slower each way, for 8 s": kafka_slow,
    "Kafka: connections cut for 8 s": kafka_cut,
    "Kafka: nothing passes for 8 s": kafka_silent,
}


@pytest.mark.parametrize("name", chosen(FAULTS, 3))
def test_nothing_is_lost_or_repeated(world: World, table: FaultTable, name: str) -> None:
    table.add(asyncio.run(world.endures(name, FAULTS[name], seed=100 + list(FAULTS).index(name))))
