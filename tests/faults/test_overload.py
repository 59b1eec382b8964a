"""Far more comes than the stack holds: what is accepted is kept, the rest is told when to come again.

Ten times the measured intake, from a process of its own, for VENTANILLA_OVERLOAD_SECONDS (120).
Citizens write all the while as they do in every fault, and the same must be true of them
afterwards.
"""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import httpx
import pytest

from support.fault_table import LONG, FaultTable, Row
from support.flood import Tide, flood, wamid
from support.proxy import Wire
from support.topics import records
from support.traffic import Traffic
from support.world import World
from ventanilla.topics import RECEIVED

SECONDS = float(os.environ.get("VENTANILLA_OVERLOAD_SECONDS", "120"))
TIMES = 10
CONNECTIONS = 900
"""Of the flood; ingest allows 1,000."""
SILENT_SECONDS = 24
IN_HAND_SECONDS = 10
"""That ingest waits for Kafka with what it has accepted to work on."""
PROBE_SECONDS = 20
"""Who probes gives up by then, and the test with him."""
SERVICES = ("ingest", "router", "bot", "agent-gateway", "billing")
WARNED_SECONDS = 20
"""That the warning stays, at most, after the last one that was turned away (`ingest.gate`)."""
MOST_MEGABYTES = 512
"""That any service may have at any moment of this; a container's limit should leave as much again."""

pytestmark = [
    pytest.mark.timeout(int(600 + 12 * SECONDS)),
    pytest.mark.skipif(not LONG, reason="minutes of flood are for `make faults`"),
]


@dataclass
class Watch:
    """What an operator's probes saw."""

    world: World
    most: dict[str, float] = field(default_factory=lambda: dict.fromkeys(SERVICES, 0.0))
    """Megabytes, by service."""
    readiness: list[tuple[int, list[str], list[str]]] = field(default_factory=list)
    """Each time: the status, the problems, the warnings."""

    async def run(self) -> None:
        async with httpx.AsyncClient(
            base_url=self.world.fleet.url("ingest"), timeout=PROBE_SECONDS
        ) as client:
            while True:
                for name in SERVICES:
                    self.most[name] = max(self.most[name], self.world.fleet.megabytes(name))
                assert (await client.get("/health/live")).status_code == 200
                ready = await client.get("/health/ready")
                said = ready.json()
                self.readiness.append((ready.status_code, said["problems"], said["warnings"]))
                await asyncio.sleep(0.5)

    def check(self) -> None:
        assert max(self.most.values()) < MOST_MEGABYTES, self.most

    @property
    def warned(self) -> bool:
        return any("whatsapp: overloaded" in " ".join(warnings) for _, _, warnings in self.readiness)


@asynccontextmanager
async def watched(world: World) -> AsyncIterator[Watch]:
    watch = Watch(world)
    task = asyncio.create_task(watch.run())
    try:
        yield watch
        assert not task.done(), task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    watch.check()


async def kept(world: World, prefix: str, tide: Tide) -> None:
    """Every message of a flood that was accepted stands on the topic."""
    wanted = {wamid(prefix, number) for number in tide.accepted}
    mark = f'"wamid.{prefix}.'.encode()
    stand = {
        json.loads(record.value)["provider_message_id"]
        for record in await records(world.kafka_wire.address, RECEIVED.name)
        if record.value is not None and mark in record.value
    }
    assert wanted <= stand, f"{len(wanted - stand)} of {len(wanted)} were accepted and are lost"


def row(fault: str, traffic: Traffic, tide: Tide, recovery_seconds: float) -> Row:
    """The flood counts as well as the citizens."""
    alone = traffic.row(fault, 0, recovery_seconds)
    return replace(
        alone,
        messages=alone.messages + len(tide.accepted),
        turned_away=alone.turned_away + tide.answers.get("503", 0),
    )


def test_ten_times_what_the_stack_holds(world: World, table: FaultTable) -> None:
    async def story() -> None:
        url = world.fleet.url("ingest")
        await flood(url, 0, 5, 64, "warming")
        holds = await flood(url, 0, 5, 64, "holds")
        assert holds.answers.keys() == {"200"}, holds.answers
        rate = TIMES * holds.accepted_a_second
        traffic = Traffic(world.fleet, world.kafka_wire.address, seed=301, messages=3)
        talking = asyncio.create_task(traffic.talk())
        async with watched(world) as watch:
            tide = await flood(url, rate, SECONDS, CONNECTIONS, "tenfold")
            ended = time.monotonic()
            assert tide.answers.keys() <= {"200", "503"}, tide.answers
            assert tide.answers.get("503", 0) > 0
            assert tide.without_retry_after == 0
            assert watch.warned, watch.readiness
            assert [one for one in watch.readiness if one[0] != 200] == []
            await kept(world, "holds", holds)
            await kept(world, "tenfold", tide)
            await talking
            recovery = await traffic.heard(seconds=120 + 10 * SECONDS) + time.monotonic() - ended
            await traffic.answered(seconds=120 + 10 * SECONDS)
            async with asyncio.timeout(120 + 10 * SECONDS):
                while await world.fleet.backlog() > 0:
                    await asyncio.sleep(1)
            await asyncio.sleep(WARNED_SECONDS + 2)
        assert watch.readiness[-1] == (200, [], []), "it is over, and health says so"
        await traffic.verified()
        holds_a_second = f"{holds.accepted_a_second:.0f}/s"
        what = f"overload: {TIMES} times the {holds_a_second} that ingest takes, for {SECONDS:.0f} s"
        table.add(row(what, traffic, tide, recovery))

    asyncio.run(story())


def test_kafka_takes_nothing_for_a_while(world: World, table: FaultTable) -> None:
    """What is in hand waits its ten seconds, all that comes meanwhile is turned away at once."""

    async def story() -> None:
        url = world.fleet.url("ingest")
        traffic = Traffic(world.fleet, world.kafka_wire.address, seed=302, messages=3)
        talking = asyncio.create_task(traffic.talk())
        async with watched(world) as watch:
            flooding = asyncio.create_task(flood(url, 200, SILENT_SECONDS, CONNECTIONS, "silent"))
            await asyncio.sleep(1)
            await asyncio.to_thread(world.kafka_wire.set, Wire.SILENT)
            await asyncio.sleep(SILENT_SECONDS - 4)
            await asyncio.to_thread(world.kafka_wire.set, Wire.SOUND)
            tide = await flooding
            assert tide.answers.keys() <= {"200", "503"}, tide.answers
            assert tide.without_retry_after == 0
            assert tide.median_503 < IN_HAND_SECONDS / 4, "turned away at once, not after waiting for Kafka"
            assert tide.slowest < 6 * IN_HAND_SECONDS, "nothing waits for ever"
            assert watch.warned, watch.readiness
            recovery = await traffic.heard()
            await kept(world, "silent", tide)
            await talking
            await traffic.answered()
        await traffic.verified()
        what = f"overload: nothing passes to Kafka for {SILENT_SECONDS - 4} s while 200/s come"
        table.add(row(what, traffic, tide, recovery))

    asyncio.run(story())
