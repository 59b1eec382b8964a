"""Connections that say nothing, or say it slowly, keep nobody out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from ventanilla.connections import BoundedConnection, Connections

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: "
FULL = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nfull"
ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads a request whole and says how large it was; `/unread` is answered before."""
    size, more = 0, scope["path"] != "/unread"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message["body"])
        more = message["more_body"]
    if scope["path"] == "/slow":
        await asyncio.sleep(2)
    answer = str(size).encode()
    headers = [(b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


@asynccontextmanager
async def serving(limit: int, receive_seconds: float = 1.0, keep_alive: int = 60) -> AsyncIterator[int]:
    connections = Connections(limit, receive_seconds)

    class Bounded(BoundedConnection):
        def __init__(self, **given: object) -> None:
            super().__init__(connections, {(b"POST", b"/full"): lambda: FULL}, **given)

    config = uvicorn.Config(
        app, http=Bounded, port=0, log_config=None, lifespan="off", timeout_keep_alive=keep_alive
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await task
    assert len(connections) == 0


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Stream]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def said(stream: Stream, request: bytes = b"") -> bytes:
    """The status line and the body of the next answer; empty when the connection ends without one."""
    reader, writer = stream
    writer.write(request)
    try:
        async with asyncio.timeout(5):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            return head.split(b" ")[1] + b" " + await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


async def test_many_requests_on_one_connection() -> None:
    async with serving(2) as port, connected(port) as one:
        for size in (0, 5, 300_000, 7):
            assert await said(one, HEAD + b"%d\r\n\r\n" % size + b"x" * size) == b"200 %d" % size
        assert await said(one, ASK + ASK + HEAD + b"3\r\n\r\nabc") == b"200 0"
        assert [await said(one), await said(one)] == [b"200 0", b"200 3"]


@pytest.mark.parametrize("begun", [b"POST / HT", HEAD, HEAD + b"10\r\n\r\n12345"])
async def test_who_takes_too_long_to_say_it_hears_408_and_the_end(begun: bytes) -> None:
    async with serving(2) as port, connected(port) as one:
        assert (await said(one, begun)).startswith(b"408 ")
        assert await one[0].read() == b""


async def test_the_second_request_of_a_connection_may_not_take_longer_than_the_first() -> None:
    async with serving(2) as port, connected(port) as one:
        assert await said(one, ASK) == b"200 0"
        assert (await said(one, HEAD + b"10\r\n\r\n1")).startswith(b"408 ")


async def test_who_was_answered_early_and_goes_on_slowly_is_not_listened_to_for_ever() -> None:
    async with serving(2) as port, connected(port) as one:
        assert await said(one, HEAD.replace(b" / ", b" /unread ") + b"10\r\n\r\n1") == b"200 0"
        async with asyncio.timeout(4):
            assert await one[0].read() == b""  # and nothing that could be taken for another answer


async def test_who_is_turned_away_at_the_door_is_answered_at_once_and_may_go_on() -> None:
    full = HEAD.replace(b" / ", b" /full ")
    async with serving(2) as port, connected(port) as one:
        assert await said(one, full + b"300000\r\n\r\n") == b"503 full"
        one[1].write(b"x" * 300_000)
        assert await said(one, ASK) == b"200 0"
        assert await said(one, full + b"3\r\n\r\nabc") == b"503 full"
        assert await said(one, full + b"0\r\n\r\n" + ASK) == b"503 full"
        assert await said(one) == b"200 0"
        assert await said(one, full + b"0\r\nConnection: close\r\n\r\n") == b"503 full"
        assert await one[0].read() == b""


async def test_who_is_turned_away_and_does_not_listen_is_cut_off() -> None:
    async with serving(2) as port, connected(port) as one:
        one[0]._transport.pause_reading()  # type: ignore[attr-defined]
        with suppress(ConnectionError):
            async with asyncio.timeout(20):
                while True:
                    one[1].write((HEAD.replace(b" / ", b" /full ") + b"0\r\n\r\n") * 1_000)
                    await one[1].drain()


async def test_who_says_nothing_at_all_is_let_go_after_a_while() -> None:
    async with serving(2, keep_alive=1) as port, connected(port) as one:
        async with asyncio.timeout(4):
            assert await one[0].read() == b""


async def test_an_answer_that_takes_long_is_waited_for() -> None:
    async with serving(2) as port, connected(port) as one:
        assert await said(one, ASK.replace(b" / ", b" /slow ")) == b"200 0"


async def test_idle_connections_keep_nobody_out_the_one_idle_for_longest_goes() -> None:
    async with serving(2) as port, connected(port) as first, connected(port) as second:
        assert await said(second, ASK) == b"200 0"
        assert await said(first, ASK) == b"200 0"
        async with connected(port) as early:
            assert await said(early, ASK) == b""
        await asyncio.sleep(1.1)
        async with connected(port) as third:
            assert await said(third, ASK) == b"200 0"
            assert await said(second) == b""
            assert await said(first, ASK) == b"200 0"


async def test_who_never_asked_anything_goes_before_who_did() -> None:
    async with serving(2) as port, connected(port) as honest:
        assert await said(honest, ASK) == b"200 0"
        for _ in range(5):
            async with connected(port) as silent:
                await asyncio.sleep(0.05)
                async with connected(port) as third:
                    assert await said(third, ASK) == b"200 0"
                    assert await said(silent) == b""
            await asyncio.sleep(0.05)
        assert await said(honest, ASK) == b"200 0"


async def test_slow_senders_keep_nobody_out_but_a_moment() -> None:
    async with serving(2, receive_seconds=60) as port, connected(port) as first, connected(port) as second:
        for one in (first, second):
            one[1].write(HEAD + b"10\r\n\r\n1")
        await asyncio.sleep(0.2)
        async with connected(port) as early:
            assert await said(early, ASK) == b""
        await asyncio.sleep(1)
        async with connected(port) as third:
            assert await said(third, ASK) == b"200 0"
        assert (await said(first)).startswith(b"408 ")


async def test_who_waits_for_his_answer_is_never_thrown_out() -> None:
    async with serving(1) as port, connected(port) as one:
        one[1].write(ASK.replace(b" / ", b" /slow "))
        await asyncio.sleep(0.2)
        async with connected(port) as another:
            assert await said(another, ASK) == b""
        assert await said(one) == b"200 0"
