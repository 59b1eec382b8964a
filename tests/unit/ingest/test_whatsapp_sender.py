"""Sending a part over the network: what can happen before there is an answer to read."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import pytest
from aiohttp import ClientTimeout

from ingest.channels.sender import Address, RetryLater
from ingest.channels.whatsapp import sender
from ingest.channels.whatsapp.sender import WhatsAppSender, provider_session
from ventanilla.contracts.channel import Author, Channel, OutboundMessage, TextOut

TOKEN = "token-of-the-institution"
ACCEPTED = b'{"messages": [{"id": "wamid.X"}]}'
MESSAGE = OutboundMessage(
    id="m1", occurred_at=datetime(2026, 11, 29, tzinfo=UTC),
    contact_id="c", correlation_id="m1", cause_id="r1",
    channel=Channel.WHATSAPP, account="106540352242922", conversation_id="v1",
    author=Author(kind="bot", id="bot"), content=TextOut(text="Buenos días"),
)  # fmt: skip
ADDRESS = Address("c", Channel.WHATSAPP, "106540352242922", number="50371234567")

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def whole(status: str, body: bytes, **headers: str) -> Answer:
    async def write(writer: asyncio.StreamWriter) -> None:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {status}\r\n{lines}content-length: {len(body)}\r\n\r\n".encode() + body)

    return write


async def half(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 400\r\n\r\n" + ACCEPTED)
    writer.close()


async def nothing(writer: asyncio.StreamWriter) -> None:
    writer.close()


async def silence(_: asyncio.StreamWriter) -> None:
    """For ever."""


async def garbage(writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\x01 not a protocol\r\n\r\n")
    writer.close()


@asynccontextmanager
async def provider(answer: Answer) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that gives everybody this answer; its address, and the requests that it had."""
    requests: list[bytes] = []
    writers: list[asyncio.StreamWriter] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))
        requests.append(head + await reader.readexactly(length))
        await answer(writer)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", requests
    server.close()
    for writer in writers:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def sent(base_url: str) -> str:
    session = provider_session(base_url)
    try:
        whatsapp = WhatsAppSender(session, base_url, TOKEN)
        (part,) = whatsapp.parts(MESSAGE)
        return await whatsapp.send(ADDRESS, MESSAGE, 0, 1, part)
    finally:
        await session.close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def test_a_part_is_posted_as_the_provider_documents_and_has_its_id() -> None:
    async with provider(whole("200 OK", ACCEPTED)) as (address, requests):
        assert await sent(f"{address}/v24.0") == "wamid.X"
    head, _, body = requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v24.0/106540352242922/messages HTTP/1.1")
    assert f"Authorization: Bearer {TOKEN}".encode() in head
    assert b"content-type: application/json" in head.lower()
    assert json.loads(body) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "50371234567",
        "biz_opaque_callback_data": "m1:0:1:v1",
        "type": "text",
        "text": {"body": "Buenos días", "preview_url": False},
    }


@pytest.mark.parametrize("answer", [half, nothing, garbage])
async def test_who_breaks_off_is_asked_again_later(answer: Answer) -> None:
    async with provider(answer) as (address, _):
        with pytest.raises(RetryLater) as raised:
            await sent(address)
    assert raised.value.code == "unreachable"
    assert TOKEN not in str(raised.value)


async def test_who_says_nothing_is_asked_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "_TIMEOUT", ClientTimeout(total=None, sock_connect=3, sock_read=0.1))
    async with provider(silence) as (address, _):
        with pytest.raises(RetryLater, match="unreachable"):
            await sent(address)


async def test_who_is_not_there_is_asked_again_later() -> None:
    async with provider(silence) as (address, _):
        pass
    with pytest.raises(RetryLater, match="unreachable"):
        await sent(address)


async def test_the_token_follows_no_redirect() -> None:
    async with (
        provider(whole("200 OK", ACCEPTED)) as (elsewhere, stolen),
        provider(whole("307 Temporary Redirect", b"", location=elsewhere)) as (address, _),
    ):
        with pytest.raises(RetryLater, match="http_307"):
            await sent(address)
    assert stolen == []


async def test_the_proxy_of_the_environment_is_used_but_not_for_whom_it_excepts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with provider(whole("200 OK", ACCEPTED)) as (proxy, requests):
        monkeypatch.setenv("http_proxy", proxy)
        assert await sent("http://graph.example/v24.0") == "wamid.X"
        assert requests[0].startswith(b"POST http://graph.example/v24.0/106540352242922/messages")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        async with provider(whole("200 OK", ACCEPTED)) as (address, direct):
            assert await sent(address) == "wamid.X"
        assert (len(requests), len(direct)) == (1, 1)
