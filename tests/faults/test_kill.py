"""kill -9 of each service under traffic: nothing lost, nothing twice, order kept, sessions exact."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.engines import RunningEngines, are_real
from support.fault_table import chosen
from support.fleet import Fleet
from support.traffic import Traffic

VICTIMS = ["ingest", "router", "bot", "agent-gateway", "billing"]


@pytest.fixture
def fleet(fresh_engines: RunningEngines, database: str, tmp_path: Path) -> Iterator[Fleet]:
    with Fleet(fresh_engines, database, tmp_path) as running:
        running.start()
        running.wait_ready()
        yield running


@pytest.mark.parametrize("victim", chosen(VICTIMS, 2) if are_real() else VICTIMS)
def test_a_killed_service_loses_and_repeats_nothing(
    fleet: Fleet, fresh_engines: RunningEngines, victim: str
) -> None:
    traffic = Traffic(fleet, fresh_engines.kafka, seed=VICTIMS.index(victim))

    async def story() -> None:
        talking = asyncio.create_task(traffic.talk())
        for _ in range(3):
            await asyncio.sleep(2)
            fleet.signal(victim, signal.SIGKILL)
            await asyncio.sleep(0.5)
            fleet.start(victim)
        await talking
        await asyncio.to_thread(fleet.wait_ready)
        await traffic.answered()
        # The one repeat that cannot be ruled out: the provider took a send, and ingest died before it knew.
        await traffic.verified(repeats_allowed=traffic.citizens if victim == "ingest" else 0)

    asyncio.run(story())
