"""Clients that are slow on purpose, or large, or many: ingest stays small and the others are served."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import httpx
import pytest

from support.fault_table import LONG
from support.fleet import SECRET
from support.flood import flood
from support.whatsapp import change, message, raw, signed, webhook
from support.world import World

MOST_MEGABYTES = 512
"""That ingest may have at any moment of this."""
PATH = "/webhooks/whatsapp"
LARGE = 3 * 1024 * 1024 - 1
FORGED = (
    b"POST /webhooks/whatsapp HTTP/1.1\r\nHost: ingest\r\nX-Hub-Signature-256: sha256=" + b"0" * 64
    + b"\r\nContent-Length: %d\r\n\r\n" % LARGE
)  # fmt: skip

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(not LONG, reason="minutes of slow clients are for `make faults`"),
]


@asynccontextmanager
async def connections(
    world: World, count: int, beginning: bytes
) -> AsyncIterator[list[asyncio.StreamReader]]:
    """So many that send this and then a byte each second, which nobody could call silence."""
    url = urlsplit(world.fleet.url("ingest"))
    writers: list[asyncio.StreamWriter] = []
    readers: list[asyncio.StreamReader] = []

    async def drip() -> None:
        while True:
            await asyncio.sleep(1)
            for writer in writers:
                if beginning and not writer.is_closing():
                    writer.write(b"a")

    dripping = asyncio.create_task(drip())
    try:
        for _ in range(count):
            reader, writer = await asyncio.open_connection(url.hostname, url.port)
            readers.append(reader)
            writers.append(writer)
            writer.write(beginning)
        yield readers
    finally:
        dripping.cancel()
        for writer in writers:
            writer.transport.abort()
        await asyncio.gather(dripping, return_exceptions=True)


async def served(world: World, prefix: str) -> None:
    """Somebody honest is served meanwhile, and ingest stays small."""
    await asyncio.sleep(3)  # who comes in the very second of such an assault is refused
    work = asyncio.create_task(flood(world.fleet.url("ingest"), 100, 6, 20, prefix))
    most = 0.0
    async with httpx.AsyncClient(base_url=world.fleet.url("ingest"), timeout=10) as client:
        while not work.done():
            most = max(most, world.fleet.megabytes("ingest"))
            assert (await client.get("/health/ready")).status_code == 200
            await asyncio.sleep(0.2)
    tide = await work
    assert tide.answers == {"200": tide.sent}, tide
    assert most < MOST_MEGABYTES


@pytest.mark.parametrize(
    "beginning",
    [b"", b"POST /webhooks/wh", FORGED, FORGED + b"x" * 60_000],
    ids=["silent", "slow head", "slow body", "slow large body"],
)
def test_slow_clients_keep_nobody_out_and_are_let_go(world: World, beginning: bytes) -> None:
    """More of them than there may be connections."""

    async def story() -> None:
        async with connections(world, 1_500, beginning) as readers:
            await served(world, f"slow{len(beginning)}")
            if beginning:
                async with asyncio.timeout(40):
                    for reader in readers:
                        with suppress(ConnectionError):
                            while await reader.read(1_000):
                                pass

    asyncio.run(story())


def test_large_bodies_without_a_genuine_signature_fill_nothing(world: World) -> None:
    async def story() -> None:
        body = FORGED + b"x" * (LARGE - 1)
        async with connections(world, 40, body):
            await served(world, "large")

    asyncio.run(story())


def test_genuine_large_webhooks_are_taken_as_far_as_there_is_room(world: World) -> None:
    """A thousand updates each, as after an outage of ours; all at once."""

    def large(number: int) -> bytes:
        texts = [
            message(
                from_=f"5034{place % 50:07d}", id=f"wamid.large.{number}.{place}",
                timestamp=str(int(time.time())), content={"body": "gracias " * 320},
            )
            for place in range(1_000)
        ]  # fmt: skip
        return raw(webhook(change(messages=texts)))

    async def story() -> None:
        statuses: Counter[int] = Counter()
        left = {number: large(number) for number in range(24)}
        assert all(2_500_000 < len(body) < LARGE for body in left.values())
        most = 0.0
        limits = httpx.Limits(max_connections=None)
        url = world.fleet.url("ingest")
        async with httpx.AsyncClient(base_url=url, timeout=90, limits=limits) as client:

            async def post(number: int) -> None:
                body = left[number]
                answer = await client.post(PATH, content=body, headers=signed(SECRET, body))
                statuses[answer.status_code] += 1
                if answer.status_code == 200:
                    del left[number]
                else:
                    assert answer.status_code == 503
                    assert int(answer.headers["Retry-After"]) > 0

            async with asyncio.timeout(180):
                while left:
                    posting = asyncio.gather(*(post(number) for number in list(left)))
                    while not posting.done():
                        most = max(most, world.fleet.megabytes("ingest"))
                        await asyncio.sleep(0.05)
                    await posting
        assert most < MOST_MEGABYTES

    asyncio.run(story())
