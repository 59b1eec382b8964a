"""Two billing processes are killed again and again while a month is used up: each threshold is said once."""

import asyncio
import random
import signal
from collections import Counter
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from support.billing import own_config
from support.engines import RunningEngines
from support.fleet import Fleet
from support.statuses import status
from support.topics import events, write
from ventanilla.clock import utc_now
from ventanilla.contracts.billing import AllotmentReached
from ventanilla.topics import ALLOTMENT, STATUS

KILLS = 8
SESSIONS = 60
"""Of an allotment as large; they are used one after the other, over the whole time of the killing."""


async def used_up(kafka: str) -> None:
    now = utc_now()
    for number in range(SESSIONS):
        await write(kafka, STATUS, [status(uuid4().hex, f"wamid.{number}", now)])
        await asyncio.sleep(0.6)


async def killed(fleets: list[Fleet], dice: random.Random) -> None:
    """One of the two at a time, at any moment of its life; it is started again at once."""
    for _ in range(KILLS):
        await asyncio.sleep(dice.uniform(2, 5))
        fleet = dice.choice(fleets)
        await asyncio.to_thread(fleet.signal, "billing", signal.SIGKILL)
        fleet.start("billing")


async def said(kafka: str) -> list[AllotmentReached]:
    months = {f"whatsapp:{utc_now() - timedelta(days=back):%Y-%m}" for back in (0, 1)}
    return await events(kafka, ALLOTMENT, AllotmentReached, months)


@pytest.mark.timeout(400)
async def test_each_threshold_stands_on_the_topic_once(
    fresh_engines: RunningEngines, database: str, tmp_path: Path
) -> None:
    config = own_config(tmp_path / "config", ("conversations: 28000", f"conversations: {SESSIONS}"))
    fleets = []
    for number in range(2):
        logs = tmp_path / f"logs-{number}"
        logs.mkdir()
        of_its_own = {"VENTANILLA_CONFIG": str(config), "VENTANILLA_INSTANCE": f"tests-{number}"}
        fleets.append(Fleet(fresh_engines, database, logs, of_its_own).start("billing"))
    with fleets[0], fleets[1]:
        for fleet in fleets:
            await asyncio.to_thread(fleet.wait_ready, ["billing"])
        using = asyncio.create_task(used_up(fresh_engines.kafka))
        await killed(fleets, random.Random(7))
        await using
        try:
            async with asyncio.timeout(180):
                while len(await said(fresh_engines.kafka)) < 4:
                    await asyncio.sleep(0.5)
        except TimeoutError:
            percents = [one.threshold_percent for one in await said(fresh_engines.kafka)]
            told = "\n".join(fleet.log("billing")[-3000:] for fleet in fleets)
            raise AssertionError(f"only {percents} were said\n{told}") from None
        await asyncio.sleep(5)  # both have looked again by then
        found = await said(fresh_engines.kafka)
    assert Counter(one.threshold_percent for one in found) == Counter([50, 80, 90, 100])
    for one in found:
        assert one.used * 100 >= one.threshold_percent * SESSIONS
