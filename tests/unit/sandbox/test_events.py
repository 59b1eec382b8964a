"""What a page of phones sees, as it happens."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect

from sandbox.app import create_app
from sandbox.settings import SandboxSettings
from support.webhook_receiver import listening

NUMBER = "106540352242922"
MARIA, JOSE = "50370000001", "50370000002"
CONFIG = Path(__file__).parents[3] / "deploy" / "config" / "cnr.yaml"


@pytest.fixture
async def phones() -> AsyncIterator[httpx.AsyncClient]:
    """A sandbox on a real port, whose webhooks nobody takes."""
    settings = SandboxSettings(
        whatsapp_app_secret=SecretStr("app-secret"),
        whatsapp_access_token=SecretStr("token"),
        ingest_url="http://127.0.0.1:9",
        config=CONFIG,
    )
    async with (
        listening(create_app(settings), "on") as address,
        httpx.AsyncClient(base_url=f"http://{address}") as client,
    ):
        yield client


def watch(phones: httpx.AsyncClient, query: str) -> connect:
    return connect(f"{str(phones.base_url).replace('http', 'ws', 1)}/events?{query}")


async def send(phones: httpx.AsyncClient, to: str, text: str) -> None:
    body = {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": text}}
    answer = await phones.post(
        f"/v23.0/{NUMBER}/messages", json=body, headers={"Authorization": "Bearer token"}
    )
    assert answer.status_code == 200


async def seen(socket: ClientConnection, kind: str) -> dict[str, Any]:
    while True:
        for happening in json.loads(await socket.recv()):
            if happening["kind"] == kind:
                return dict(happening)


async def test_a_page_sees_its_own_phones_and_no_others(phones: httpx.AsyncClient) -> None:
    async with watch(phones, f"contact={MARIA}") as socket:
        await send(phones, JOSE, "para José")
        await send(phones, MARIA, "para María")
        happening = await seen(socket, "message")
        assert (happening["contact"], happening["text"]) == (MARIA, "para María")


async def test_a_page_that_comes_back_gets_what_it_missed(phones: httpx.AsyncClient) -> None:
    await send(phones, MARIA, "uno")
    last = (await phones.get(f"/phones/{MARIA}")).json()["last"]
    await send(phones, MARIA, "dos")
    async with watch(phones, f"contact={MARIA}&after={last}") as socket:
        assert (await seen(socket, "message"))["text"] == "dos"


async def test_a_page_of_an_earlier_process_is_told_to_read_anew(phones: httpx.AsyncClient) -> None:
    async with watch(phones, "after=1000") as socket:
        assert json.loads(await socket.recv()) == [{"kind": "reset"}]


async def test_a_message_that_nobody_took_is_shown_as_such(phones: httpx.AsyncClient) -> None:
    async with watch(phones, f"contact={MARIA}") as socket:
        wrote = (await phones.post(f"/phones/{MARIA}/messages", json={"text": "hola"})).json()
        assert wrote["ingest_status"] == 0
        for status in (None, 0):
            assert (await seen(socket, "written"))["ingest_status"] == status
