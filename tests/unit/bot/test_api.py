"""The bot's HTTP API, as a supervisor and others see it."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from bot import api
from bot.knowledge import FactBase
from bot.understanding.classifier import LinearUnderstander
from ventanilla.access import Role, issue_token

KEY = "k" * 40


@pytest.fixture
async def client(understander: LinearUnderstander, knowledge: FactBase) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(api.routes(KEY, understander, knowledge))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as opened:
        yield opened


def bearer(role: Role) -> dict[str, str]:
    return {"Authorization": f"Bearer {issue_token(KEY, 'somebody', role)}"}


async def test_a_supervisor_sees_how_a_sentence_is_read(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/v1/understand", json={"text": "como va mi marca"}, headers=bearer(Role.SUPERVISOR)
    )
    assert answer.status_code == 200
    reading = answer.json()
    assert (reading["area"], reading["category"]) == ("rpi", "estado")
    assert 0.8 < reading["confidence"] <= 1


async def test_an_admin_sees_every_fact_with_source_and_date(client: httpx.AsyncClient) -> None:
    items = (await client.get("/v1/knowledge", headers=bearer(Role.ADMIN))).json()["items"]
    (extractada,) = [item for item in items if item["id"] == "rprh-arancel-extractada"]
    assert extractada["source"] == "www.cnr.gob.sv"
    assert extractada["date"] == "2026-11-25"
    assert extractada["area"] == "rprh"


async def test_others_do_not(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/knowledge")).status_code == 401
    assert (await client.get("/v1/knowledge", headers=bearer(Role.AGENT))).status_code == 403
    assert (
        await client.post("/v1/understand", json={"text": "x"}, headers=bearer(Role.FINANCE))
    ).status_code == 403


async def test_a_bad_body_gets_its_reason(client: httpx.AsyncClient) -> None:
    headers = bearer(Role.ADMIN)
    assert (await client.post("/v1/understand", json={}, headers=headers)).status_code == 422
    assert (
        await client.post("/v1/understand", json={"text": "x" * 4097}, headers=headers)
    ).status_code == 422
