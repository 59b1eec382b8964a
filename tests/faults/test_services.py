"""Services die in any order, wake as zombies, come and go; the provider and the input fail."""

import asyncio
import random
import signal
import time
from collections.abc import Callable
from functools import partial

import httpx
import pytest

from support.fault_table import SEED, FaultTable, chosen, kills
from support.topics import LARGEST_VALUE, write_raw
from support.world import World
from ventanilla.topics import ALL

KILLS = kills(8)
SERVICES = ["ingest", "router", "bot", "agent-gateway", "billing"]

pytestmark = pytest.mark.timeout(480)


def killed_at_random(world: World) -> None:
    dice = random.Random(SEED)
    for _ in range(KILLS):
        victim = dice.choice(SERVICES)
        world.fleet.signal(victim, signal.SIGKILL)
        world.fleet.start(victim)
        time.sleep(dice.uniform(0, 2))
    world.fleet.wait_ready()


def zombie(service: str, world: World) -> None:
    """Longer than the session time-out of 20 s: the replica gets the partitions, and the sleeper wakes."""
    replica = world.fleet.start_replica(service)
    world.fleet.wait_ready([replica])
    world.fleet.signal(service, signal.SIGSTOP)
    time.sleep(26)
    world.fleet.signal(service, signal.SIGCONT)
    time.sleep(3)
    world.fleet.dismiss(replica)
    world.fleet.wait_ready()


def rebalance_storm(world: World) -> None:
    for _ in range(3):
        replicas = [world.fleet.start_replica(name) for name in ("router", "billing")]
        time.sleep(4)
        for replica in replicas:
            world.fleet.dismiss(replica)


def provider_failing(code: int, world: World) -> None:
    """The next three sends to everybody fail so."""
    with httpx.Client(base_url=world.fleet.url("sandbox"), timeout=15) as sandbox:
        for number in world.talking:
            sandbox.post("/fail", json={"contact": number, "code": code, "times": 3}).raise_for_status()


def provider_slow(world: World) -> None:
    """It does nothing for half of the time."""
    for _ in range(10):
        world.fleet.signal("sandbox", signal.SIGSTOP)
        time.sleep(0.5)
        world.fleet.signal("sandbox", signal.SIGCONT)
        time.sleep(0.5)


def provider_stopped(world: World) -> None:
    world.fleet.signal("sandbox", signal.SIGSTOP)
    time.sleep(8)
    world.fleet.signal("sandbox", signal.SIGCONT)


def poison(world: World) -> None:
    """Every kind of bad record on every topic that somebody reads."""
    key = b"0" * 32
    kinds: list[tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]] = [
        (key, b"\xff\xfe not text", []),
        (key, b"{", []),
        (key, b"[]", []),
        (key, b"{}", [("ce_type", b"\xff")]),
        (None, b'{"id": 1}', []),
        (key, None, []),
        (b"\xff", b"null", []),
        (key, b"x" * LARGEST_VALUE, []),  # as large as Kafka takes: its letter is larger
    ]

    async def write() -> None:
        for topic in ALL:
            if topic.consumers:
                for one, value, headers in kinds:
                    await write_raw(world.kafka_wire.address, topic.name, one, value, headers)

    asyncio.run(write())


Fault = Callable[[World], None]
FAULTS: dict[str, Fault] = {
    f"services: kill -9 of any, {KILLS} times": killed_at_random,
    "router: stopped for 26 s, wakes as a zombie": partial(zombie, "router"),
    "billing: stopped for 26 s, wakes as a zombie": partial(zombie, "billing"),
    "ingest: stopped for 26 s, wakes as a zombie": partial(zombie, "ingest"),
    "router and billing: a replica comes and goes 3 times": rebalance_storm,
    "provider: HTTP 503 to three sends each": partial(provider_failing, 503),
    "provider: rate limit (130429) to three sends each": partial(provider_failing, 130429),
    "provider: HTTP 200 with a page in place of an answer, to three sends each": partial(
        provider_failing, 200
    ),
    "provider: slow, at work for half of each second, for 10 s": provider_slow,
    "provider: stopped for 8 s (SIGSTOP)": provider_stopped,
    "poison: eight kinds of bad record on every topic": poison,
}
MAY_REPEAT = ("services", "ingest", "provider: stopped")
"""Where the provider may have taken a send whose answer nobody lived to hear, or waited for long enough."""


@pytest.mark.parametrize("name", chosen(FAULTS, 2))
def test_nothing_is_lost_or_repeated(world: World, table: FaultTable, name: str) -> None:
    seed = 200 + list(FAULTS).index(name)
    allowed = 24 if name.startswith(MAY_REPEAT) else 0
    table.add(asyncio.run(world.endures(name, FAULTS[name], seed=seed, repeats_allowed=allowed)))
