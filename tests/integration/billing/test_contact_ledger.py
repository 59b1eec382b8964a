"""Finance reads everything that was ever said of one contact, and all that was not simply counted."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from stack.topics import apply
from support.billing import Billing
from support.engines import RunningEngines
from support.statuses import echo, status
from support.topics import write
from ventanilla.clock import utc_now
from ventanilla.topics import ECHOED, STATUS

OPENED = datetime(2026, 11, 10, 15, 0, tzinfo=UTC)


@pytest.fixture
async def fresh(new_engines: Callable[[], RunningEngines]) -> RunningEngines:
    engines = new_engines()
    await apply(engines.kafka)
    return engines


async def asked(
    api: httpx.AsyncClient, path: str, until: Callable[[dict[str, Any]], bool], **query: str
) -> dict[str, Any]:
    """The answer, as soon as it is so."""
    found: dict[str, Any] = {}
    try:
        async with asyncio.timeout(90):
            while True:
                answer = await api.get(path, params=query)
                assert answer.status_code == 200, answer.text
                found = answer.json()
                if until(found):
                    return found
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"{path} still says {found}") from None


async def test_the_ledger_of_a_contact_says_every_change_with_its_cause_and_nothing_is_overwritten(
    fresh: RunningEngines, billing: Billing
) -> None:
    contact = uuid4().hex
    first, second = (
        status(contact, "wamid.1", OPENED),
        status(contact, "wamid.2", OPENED + timedelta(hours=1)),
    )
    spoken = echo(contact, "wamid.1", OPENED, came_at=OPENED + timedelta(hours=2))
    async with billing(fresh) as api:
        await write(fresh.kafka, STATUS, [first, second])
        await asked(api, "/v1/ledger", lambda one: len(one["entries"]) == 2, contact=contact)
        await write(fresh.kafka, ECHOED, [spoken])
        told = await asked(api, "/v1/ledger", lambda one: len(one["entries"]) == 4, contact=contact)
        assert [(one["change"], one["messages"], one["cause_id"]) for one in told["entries"]] == [
            ("opened", 1, first.id),
            ("extended", 2, second.id),
            ("voided", 0, spoken.id),
            ("opened", 1, spoken.id),
        ]
        page = (await api.get("/v1/ledger", params={"contact": contact, "limit": "3"})).json()
        rest = {"contact": contact, "limit": "3", "cursor": page["next"]}
        assert [*page["entries"], *(await api.get("/v1/ledger", params=rest)).json()["entries"]] == told[
            "entries"
        ]
        assert (await api.get("/v1/ledger", params={"contact": contact, "cursor": "x"})).status_code == 422
        assert (await api.get("/v1/ledger")).status_code == 422
        unknown = (await api.get("/v1/ledger", params={"contact": "50370000000"})).json()
        assert unknown["entries"] == unknown["notes"] == []


async def test_what_comes_after_its_month_was_closed_is_a_note_and_no_session(
    fresh: RunningEngines, billing: Billing
) -> None:
    contact, long_ago = uuid4().hex, utc_now() - timedelta(days=60)
    late = status(contact, "wamid.1", long_ago, came_at=utc_now())
    async with billing(fresh) as api:
        await write(fresh.kafka, STATUS, [late])
        told = await asked(api, "/v1/ledger", lambda one: bool(one["notes"]), contact=contact)
        assert told["entries"] == []
        (note,) = told["notes"]
        assert (note["note"], note["reason"], note["sessions_at_least"], note["sessions_at_most"]) == (
            "adjustment", "closed", 1, 1,
        )  # fmt: skip
        notes = (await api.get("/v1/notes", params={"month": note["month"], "note": "adjustment"})).json()
        assert notes == {"items": [note], "next": None}
        assert (await api.get("/v1/notes", params={"month": note["month"], "note": "held"})).json()[
            "items"
        ] == []
        used = (await api.get("/v1/balance", params={"month": note["month"]})).json()["used"]
        assert used == 0


async def test_a_status_ahead_of_its_time_counts_when_its_time_has_come_though_nothing_else_happens(
    fresh: RunningEngines, billing: Billing
) -> None:
    contact = uuid4().hex
    async with billing(fresh) as api:
        soon = utc_now() + timedelta(minutes=5, seconds=15)  # time enough to read it, on a slow machine too
        await write(fresh.kafka, STATUS, [status(contact, "wamid.1", soon)])
        held = await asked(api, "/v1/ledger", lambda one: bool(one["notes"]), contact=contact)
        assert (held["entries"], [one["note"] for one in held["notes"]]) == ([], ["held"])
        told = await asked(
            api, "/v1/ledger", lambda one: bool(one["entries"]) and len(one["notes"]) == 2, contact=contact
        )
        assert [(one["change"], one["messages"]) for one in told["entries"]] == [("opened", 1)]
        assert {one["note"] for one in told["notes"]} == {"held", "released"}
