"""A month that has settled is frozen and published once, by however many; what comes later stands apart."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from stack.topics import apply
from support.billing import CONFIG, Billing
from support.engines import RunningEngines
from support.statuses import status
from support.topics import eventually_events, write
from ventanilla.clock import utc_now
from ventanilla.contracts.billing import StatementClosed
from ventanilla.institution import load_institution
from ventanilla.topics import STATEMENT, STATUS

ZONE = load_institution(CONFIG).zone


def months_back(count: int) -> datetime:
    """Noon of the tenth, `count` months before the last one that has closed by now."""
    closed = (utc_now() - timedelta(days=12)).astimezone(ZONE)
    place = closed.year * 12 + closed.month - 2 - count
    return datetime(place // 12, place % 12 + 1, 10, 12, tzinfo=ZONE)


EARLIER, LAST = months_back(1), months_back(0)
MONTHS = [f"{EARLIER:%Y-%m}", f"{LAST:%Y-%m}"]


@pytest.fixture
async def fresh(new_engines: Callable[[], RunningEngines]) -> RunningEngines:
    engines = new_engines()
    await apply(engines.kafka)
    return engines


async def statement(
    api: httpx.AsyncClient,
    month: str,
    until: Callable[[dict[str, Any]], bool] = lambda one: bool(one["closed"]),
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    try:
        async with asyncio.timeout(120):
            while True:
                answer = await api.get("/v1/statement", params={"month": month})
                assert answer.status_code == 200, answer.text
                found = answer.json()
                if until(found):
                    return found
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"the statement still says {found}") from None


async def test_closed_months_are_published_once_and_adjustments_stand_in_the_next_statement(
    fresh: RunningEngines, billing: Billing
) -> None:
    in_time = [status(uuid4().hex, "wamid.1", at) for at in [EARLIER] * 3 + [LAST] * 2]
    # After the earlier month's close and before the last one's; and after both.
    between = [status(uuid4().hex, "wamid.1", EARLIER, came_at=LAST + timedelta(days=20)) for _ in range(2)]
    now = [status(uuid4().hex, "wamid.1", EARLIER, came_at=utc_now())]
    await write(fresh.kafka, STATUS, [*in_time, *between, *now])

    # Named, because the embedded broker never ends what a second member without a name begins.
    async with billing(fresh, instance="one") as one, billing(fresh, instance="other") as other:
        last = await statement(one, MONTHS[1])
        earlier = await statement(other, MONTHS[0])
        running = await statement(one, f"{utc_now().astimezone(ZONE):%Y-%m}", until=lambda _: True)
    assert [account["sessions"] for account in earlier["billed"]["accounts"]] == [3]
    assert earlier["billed"]["adjustments"] == []
    assert [account["sessions"] for account in last["billed"]["accounts"]] == [2]
    (adjustment,) = last["billed"]["adjustments"]
    assert (adjustment["month"], adjustment["messages"]) == (MONTHS[0], 2)
    assert (adjustment["sessions_at_least"], adjustment["sessions_at_most"]) == (2, 2)
    assert last["billed"]["cost"] == "3277.00"
    assert last["billed"]["adjustments_cost_at_most"] == "0.00"
    assert (earlier["restated"]["sessions_at_least"], earlier["restated"]["sessions_at_most"]) == (6, 6)
    assert (earlier["agrees"], last["agrees"]) == (True, True)
    assert earlier["accounts"] == earlier["billed"]["accounts"]
    assert (running["settled"], running["closed"], running["billed"], running["agrees"]) == (
        False, False, None, None,
    )  # fmt: skip

    async with billing(fresh, instance="one") as again, billing(fresh, instance="other"):
        await write(fresh.kafka, STATUS, [status(uuid4().hex, "wamid.1", EARLIER, came_at=utc_now())])
        by_now = await statement(again, MONTHS[0], lambda one: bool(one["restated"]["sessions_at_most"] == 7))
        assert by_now["billed"] == earlier["billed"]
        # The one that froze a statement may have been stopped before it said so: then this one does.
        said = await eventually_events(fresh.kafka, STATEMENT, StatementClosed, set(MONTHS), len(MONTHS))
    assert sorted(one.month for one in said) == MONTHS
    assert [line.sessions for one in sorted(said, key=lambda one: one.month) for line in one.lines] == [3, 2]
