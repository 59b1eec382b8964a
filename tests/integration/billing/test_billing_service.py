"""Billing as it runs: statuses on a real topic, sessions and balance over HTTP."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from support.billing import CONTACT_KEY, TOKEN_KEY, Billing
from support.engines import RunningEngines
from support.statuses import ACCOUNT, status
from support.topics import write
from ventanilla.access import Role, issue_token
from ventanilla.contacts import contact_id
from ventanilla.contracts.channel import Channel, DeliveryStatus
from ventanilla.topics import STATUS

OPENED = datetime(2026, 11, 10, 15, 0, tzinfo=UTC)


@pytest.fixture
async def api(billing: Billing, engines: RunningEngines) -> AsyncIterator[httpx.AsyncClient]:
    async with billing(engines) as client:
        yield client


async def sessions(api: httpx.AsyncClient, contact: str, count: int) -> list[dict[str, object]]:
    async with asyncio.timeout(20):
        while True:
            answer = await api.get("/v1/sessions", params={"contact": contact, "month": "2026-11"})
            assert answer.status_code == 200
            items: list[dict[str, object]] = answer.json()["items"]
            if len(items) == count:
                return items
            await asyncio.sleep(0.1)


async def test_deliveries_become_sessions_that_anybody_entitled_can_ask_for(
    engines: RunningEngines, api: httpx.AsyncClient
) -> None:
    number = f"5037{uuid4().int % 10_000_000:07d}"
    contact = contact_id(CONTACT_KEY.encode(), Channel.WHATSAPP, ACCOUNT, number)
    before = (await api.get("/v1/balance", params={"month": "2026-11"})).json()
    history = [
        status(contact, "wamid.1", OPENED),
        status(contact, "wamid.2", OPENED + timedelta(hours=23)),
        status(contact, "wamid.3", OPENED + timedelta(hours=24)),
        status(contact, "wamid.4", OPENED, DeliveryStatus.FAILED),
    ]
    await write(engines.kafka, STATUS, [*reversed(history), *history])
    items = await sessions(api, f"+503 {number[3:7]}-{number[7:]}", 2)
    assert items == [
        {
            "account": ACCOUNT, "contact": contact, "opened_at": "2026-11-10T15:00:00Z",
            "closes_at": "2026-11-11T15:00:00Z", "month": "2026-11", "messages": 2,
        },
        {
            "account": ACCOUNT, "contact": contact, "opened_at": "2026-11-11T15:00:00Z",
            "closes_at": "2026-11-12T15:00:00Z", "month": "2026-11", "messages": 1,
        },
    ]  # fmt: skip
    after = (await api.get("/v1/balance", params={"month": "2026-11"})).json()
    assert after["used"] == before["used"] + 2
    assert {name: after[name] for name in ("month", "allotment", "overage", "cost")} == {
        "month": "2026-11", "allotment": 28000, "overage": 0, "cost": "3277.00",
    }  # fmt: skip
    first = (
        await api.get("/v1/sessions", params={"month": "2026-11", "contact": contact, "limit": 1})
    ).json()
    rest = await api.get(
        "/v1/sessions", params={"month": "2026-11", "contact": contact, "cursor": first["next"]}
    )
    assert first["items"] + rest.json()["items"] == items
    assert rest.json()["next"] is None


async def test_a_rehearsal_does_not_eat_the_allotment(
    engines: RunningEngines, api: httpx.AsyncClient
) -> None:
    contact = uuid4().hex
    before = (await api.get("/v1/balance", params={"month": "2026-11"})).json()["used"]
    replay = "106540352242999"
    await write(engines.kafka, STATUS, [status(contact, "wamid.1", OPENED, account=replay)])
    await sessions(api, contact, 1)
    assert (await api.get("/v1/balance", params={"month": "2026-11"})).json()["used"] == before
    own = await api.get("/v1/balance", params={"month": "2026-11", "account": replay})
    assert own.json()["used"] >= 1


@pytest.mark.parametrize(
    "query",
    [
        {"month": "2026-13"},
        {"month": "noviembre"},
        {"cursor": "garbage"},
        {"cursor": base64.urlsafe_b64encode(b"9" * 40 + b" x").decode()},
        {"limit": "0"},
        {"contact": "x" * 500},
    ],
)
async def test_a_bad_question_is_answered_with_its_reason(
    api: httpx.AsyncClient, query: dict[str, str]
) -> None:
    answer = await api.get("/v1/sessions", params=query)
    assert answer.status_code == 422
    assert answer.json()["detail"]


async def test_only_supervisors_and_finance_may_ask(api: httpx.AsyncClient) -> None:
    agent = {"Authorization": f"Bearer {issue_token(TOKEN_KEY, 'luis', Role.AGENT)}"}
    assert (await api.get("/v1/balance", headers=agent)).status_code == 403
    assert (await api.get("/v1/balance", headers={"Authorization": ""})).status_code == 401
    assert (await api.get("/v1/balance", headers={"Authorization": "Bearer x.y.z"})).status_code == 401
