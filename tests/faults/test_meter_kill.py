"""kill -9 of billing at random, in the middle of disordered statuses: the ledger is the oracle's.

VENTANILLA_KILLS says how often (5 by default, 20 in the long form), VENTANILLA_SEED when (7 by default).
"""

import asyncio
import os
import random
import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from billing.domain.meter import Meter
from stack.topics import apply
from support.engines import RunningEngines
from support.fault_table import kills
from support.fleet import TOKEN_KEY, Fleet
from support.meter_histories import as_they_arrive, counted, last_words, oracle, standing
from support.statuses import status
from support.topics import events, write
from ventanilla.access import Role, issue_token
from ventanilla.clock import utc_now
from ventanilla.contracts.billing import MeterNoted, SessionChanged, StatementClosed
from ventanilla.contracts.channel import DeliveryStatus, MessageStatus
from ventanilla.store import Store
from ventanilla.topics import METER_NOTED, SESSION, STATEMENT, STATUS

KILLS = kills(5)
SEED = int(os.environ.get("VENTANILLA_SEED", "7"))
CONTACTS = [f"{number:032x}" for number in range(150)]
DAYS = 60
MESSAGES = KILLS * 600
CHUNK = 200
ZONE = ZoneInfo("America/El_Salvador")


@pytest.fixture
def fleet(fresh_engines: RunningEngines, database: str, tmp_path: Path) -> Iterator[Fleet]:
    asyncio.run(apply(fresh_engines.kafka))
    with Fleet(fresh_engines, database, tmp_path) as running:
        running.start("billing")
        running.wait_ready(["billing"])
        yield running


def history(dice: random.Random) -> list[MessageStatus]:
    """Two months of deliveries up to ten days late, some twice, half of them read, as they arrive."""
    start = utc_now() - timedelta(days=DAYS + 11)
    found: list[MessageStatus] = []
    delays: list[timedelta] = []
    for number in range(MESSAGES):
        contact = dice.choice(CONTACTS)
        at = start + timedelta(minutes=dice.randrange(DAYS * 1440))
        late = timedelta(hours=dice.choice([0, 0, 0, 1, 24, dice.randrange(240)]))
        found.append(status(contact, f"wamid.{number}", at))
        delays.append(late)
        if dice.random() < 0.1:
            found.append(found[-1])
            delays.append(late)
        if dice.random() < 0.5:
            found.append(status(contact, f"wamid.{number}", at + timedelta(minutes=5), DeliveryStatus.READ))
            delays.append(timedelta())
    return as_they_arrive(found, delays)


async def written(kafka: str, statuses: list[MessageStatus]) -> None:
    """Over the whole time of the killing, so that there is always work in hand."""
    for start in range(0, len(statuses), CHUNK):
        await write(kafka, STATUS, statuses[start : start + CHUNK])
        await asyncio.sleep(0.7)


async def killed(fleet: Fleet, dice: random.Random) -> None:
    for _ in range(KILLS):
        await asyncio.to_thread(fleet.wait_ready, ["billing"])
        await asyncio.sleep(dice.uniform(0, 1.5))
        await asyncio.to_thread(fleet.signal, "billing", signal.SIGKILL)
        fleet.start("billing")
    await asyncio.to_thread(fleet.wait_ready, ["billing"])


async def until_balanced(fleet: Fleet, expected: dict[str, int]) -> None:
    """Until the service says the oracle's number of sessions for each month."""
    token = issue_token(TOKEN_KEY, "test", Role.FINANCE)
    said: dict[str, int] = {}
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as client:
        try:
            async with asyncio.timeout(120):
                while said != expected:
                    await asyncio.sleep(0.5)
                    for month in expected:
                        answer = await client.get(
                            f"{fleet.url('billing')}/v1/balance", params={"month": month}
                        )
                        said[month] = answer.json()["used"]
        except TimeoutError:
            raise AssertionError(f"expected {expected}, the service says {said}") from None


@pytest.mark.timeout(120 + 30 * KILLS)
def test_the_ledger_is_the_oracles_however_often_billing_is_killed(
    fleet: Fleet, fresh_engines: RunningEngines, database: str
) -> None:
    dice = random.Random(SEED)
    statuses = history(dice)
    of = {contact: [one for one in statuses if one.contact_id == contact] for contact in CONTACTS}
    openers = {contact: oracle(counted(mine)) for contact, mine in of.items()}
    expected: dict[str, int] = {}
    for opened in (opened for mine in openers.values() for opened in mine):
        month = f"{opened.astimezone(ZONE):%Y-%m}"
        expected[month] = expected.get(month, 0) + 1

    async def story() -> None:
        writing = asyncio.create_task(written(fresh_engines.kafka, statuses))
        await killed(fleet, dice)
        await writing
        await until_balanced(fleet, expected)

    asyncio.run(story())
    everyone = set(CONTACTS)
    said = asyncio.run(events(fresh_engines.kafka, SESSION, SessionChanged, everyone))
    for contact, mine in openers.items():
        ledger: list[tuple[datetime, int]] = standing(one for one in said if one.contact_id == contact)
        assert [opened for opened, _ in ledger] == mine
        assert sum(messages for _, messages in ledger) == len(counted(of[contact]))
    assert {change.month for change in last_words(said).values()} >= expected.keys()
    assert asyncio.run(events(fresh_engines.kafka, METER_NOTED, MeterNoted, everyone)) == []

    asyncio.run(until_it_adds_up(fleet, len(statuses)))
    kept = asyncio.run(appended(fresh_engines.mongo, database, len({change.id for change in said})))
    assert kept == {change.id for change in said}, "the append-only ledger has every change, each once"
    closed = asyncio.run(events(fresh_engines.kafka, STATEMENT, StatementClosed, set(expected)))
    assert len(closed) == len({one.month for one in closed}), "a month is closed once"

    meters = asyncio.run(stored(fresh_engines.mongo, database))
    for contact, asked in of.items():
        assert meters[contact].received == sum(meters[contact].tally.values()) == len(asked)
    assert any(meter.sealed for meter in meters.values()), "two months and nothing is sealed"


async def until_it_adds_up(fleet: Fleet, received: int) -> None:
    """Until every status has an outcome, by the meters' count and by Kafka's."""
    token = issue_token(TOKEN_KEY, "test", Role.FINANCE)
    said: Any = None
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        try:
            async with asyncio.timeout(60):
                while True:
                    said = (await client.get(f"{fleet.url('billing')}/v1/accounting")).json()
                    if said["received"] == received and said["adds_up"] and not said["topic"]["working"]:
                        return
                    await asyncio.sleep(0.5)
        except TimeoutError:
            raise AssertionError(f"it does not add up: {said}") from None


async def appended(mongo: str, database: str, changes: int) -> set[str]:
    """The event ids in the append-only ledger, as soon as there are so many."""
    store = Store.connect(mongo, database)
    try:
        async with asyncio.timeout(60):
            while await store.collection("billing_ledger").count_documents({}) < changes:
                await asyncio.sleep(0.2)
        return {one["event_id"] async for one in store.collection("billing_ledger").find({})}
    finally:
        await store.close()


async def stored(mongo: str, database: str) -> dict[str, Meter]:
    store = Store.connect(mongo, database)
    try:
        return {
            document["_id"]: Meter.model_validate_json(document["state"])
            async for document in store.collection("billing_meters").find({})
        }
    finally:
        await store.close()
