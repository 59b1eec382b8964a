"""A stranger gets the same sessions from the topic; ids are joined; each threshold is said once."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from stack.topics import apply
from support.billing import Billing, own_config
from support.engines import RunningEngines
from support.statuses import ACCOUNT, status
from support.topics import events, write
from ventanilla.clock import utc_now
from ventanilla.contracts.billing import AllotmentReached, SessionChange, SessionChanged
from ventanilla.contracts.channel import Channel
from ventanilla.contracts.conversation import ContactLinked
from ventanilla.topics import ALLOTMENT, CONTACT_LINKED, SESSION, STATUS

OPENED = datetime(2026, 11, 10, 15, 0, tzinfo=UTC)


@pytest.fixture
async def fresh(new_engines: Callable[[], RunningEngines]) -> RunningEngines:
    engines = new_engines()
    await apply(engines.kafka)
    return engines


async def balance(api: httpx.AsyncClient, used: int, **query: str) -> dict[str, Any]:
    """The balance, as soon as so many sessions are used."""
    async with asyncio.timeout(30):
        while True:
            answer = await api.get("/v1/balance", params=query)
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            if found["used"] == used:
                return found
            await asyncio.sleep(0.1)


def standing(changes: Sequence[SessionChanged]) -> list[SessionChanged]:
    """What a stranger knows: of each session the last revision, unless it was voided."""
    latest: dict[str, SessionChanged] = {}
    for change in changes:
        if change.session_id not in latest or latest[change.session_id].revision < change.revision:
            latest[change.session_id] = change
    return [change for change in latest.values() if change.change is not SessionChange.VOIDED]


async def test_a_stranger_gets_the_same_sessions_from_the_topic_after_disorder_and_a_restart(
    fresh: RunningEngines, billing: Billing
) -> None:
    contacts = [uuid4().hex for _ in range(30)]
    history = [
        status(contact, f"wamid.{hour}", OPENED + timedelta(hours=hour, microseconds=number))
        for number, contact in enumerate(contacts)
        for hour in (60, 1, 47, 25, 0, 24)
    ]
    # In time order 0, 24, 47, 60: hours 0 and 1 are one session, 24, 25 and 47 another, 60 a third.
    async with billing(fresh) as api:
        await write(fresh.kafka, STATUS, history[: len(history) // 2])
        await balance(api, 45, month="2026-11")
    await write(fresh.kafka, STATUS, history)
    async with billing(fresh) as api:
        assert (await balance(api, 90, month="2026-11"))["left"] == 28000 - 90
        items: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            query = {"month": "2026-11", "limit": "40"} | ({"cursor": cursor} if cursor else {})
            page = (await api.get("/v1/sessions", params=query)).json()
            items += page["items"]
            cursor = page["next"]
    opened = [datetime.fromisoformat(item["opened_at"]) for item in items]
    assert opened == sorted(opened)
    replayed = standing(await events(fresh.kafka, SESSION, SessionChanged, set(contacts)))
    assert sorted(zip([item["contact"] for item in items], opened, strict=True)) == sorted(
        (change.contact_id, change.opened_at) for change in replayed
    )
    assert {item["messages"] for item in items} == {1, 2, 3}


async def test_an_id_that_turns_out_to_be_another_persons_brings_its_sessions_along(
    fresh: RunningEngines, billing: Billing
) -> None:
    number, user_id = uuid4().hex, uuid4().hex
    await write(
        fresh.kafka,
        STATUS,
        [status(number, "wamid.1", OPENED), status(user_id, "wamid.2", OPENED + timedelta(hours=23))],
    )
    async with billing(fresh) as api:
        await balance(api, 2, month="2026-11")
        links = [
            ContactLinked(
                id=f"link-{key}", occurred_at=OPENED, contact_id=key, correlation_id="link",
                alias_id=user_id, canonical_id=number, merged=True, channel=Channel.WHATSAPP, account=ACCOUNT,
            )
            for key in (number, user_id)
        ]  # fmt: skip
        await write(fresh.kafka, CONTACT_LINKED, links)
        await balance(api, 1, month="2026-11")
        await write(fresh.kafka, STATUS, [status(user_id, "wamid.3", OPENED + timedelta(hours=24))])
        await balance(api, 2, month="2026-11")
        for asked in (number, user_id):
            answer = await api.get("/v1/sessions", params={"contact": asked, "month": "2026-11"})
            assert [(item["contact"], item["messages"]) for item in answer.json()["items"]] == [
                (number, 2),
                (number, 1),
            ]


async def test_each_threshold_is_said_once_whatever_restarts(
    fresh: RunningEngines, billing: Billing, tmp_path: Path
) -> None:
    config = own_config(tmp_path, ("conversations: 28000", "conversations: 4"))
    plan = tmp_path / "plans" / "movistar.yaml"
    text = plan.read_text(encoding="utf-8").replace("included: 28000", "included: 4")
    plan.write_text(text.replace('price: "0.1171"', 'price: "0.125"'), encoding="utf-8")
    now = utc_now()
    delivered = [status(uuid4().hex, "wamid.1", now) for _ in range(5)]

    async def reached(count: int) -> list[AllotmentReached]:
        """The thresholds that stand on the topic, as soon as there are so many."""
        async with asyncio.timeout(30):
            while True:
                months = {f"whatsapp:{now - timedelta(days=back):%Y-%m}" for back in (0, 1)}
                found = await events(fresh.kafka, ALLOTMENT, AllotmentReached, months)
                if len(found) >= count:
                    return sorted(found, key=lambda one: one.threshold_percent)
                await asyncio.sleep(0.2)

    async with billing(fresh, config) as api:
        await write(fresh.kafka, STATUS, delivered[:2])
        (half,) = await reached(1)
        assert (half.threshold_percent, half.used, half.allotment) == (50, 2, 4)
        assert (half.cost, half.currency, half.plan) == (Decimal("3277.00"), "USD", "movistar")
        assert "those of 2023-05 were taken" in half.assumed[0]
        figures = (await api.get("/metrics")).text
        assert 'ventanilla_billing_sessions_left{channel="whatsapp"} 2.0' in figures
        assert 'ventanilla_billing_statuses_total{outcome="counted"}' in figures
    async with billing(fresh, config) as api:
        await write(fresh.kafka, STATUS, delivered)
        said = await balance(api, 5)
        assert {name: said[name] for name in ("allotment", "used", "left", "overage", "cost")} == {
            "allotment": 4, "used": 5, "left": 0, "overage": 1, "cost": "3277.13",
        }  # fmt: skip
        assert (said["currency"], said["plan"], said["prices_of"]) == ("USD", "movistar", "2023-05")
        assert "those of 2023-05 were taken" in said["assumed"][0]
        assert [one.threshold_percent for one in await reached(4)] == [50, 80, 90, 100]
    async with billing(fresh, config):
        await asyncio.sleep(3)  # long enough to count again
    assert len({one.id for one in await reached(4)}) == len(await reached(4)) == 4
