"""A small topic kept whole in every process: what stood there, then what comes, and only what counts."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer

from stack.topics import apply
from support.allotments import used_up
from support.engines import RunningEngines
from support.topics import write, write_raw
from ventanilla.contracts.event import Event
from ventanilla.store import Store
from ventanilla.stream import Stream, StreamUnavailableError
from ventanilla.stream.records import encode
from ventanilla.stream.table import Table
from ventanilla.topics import ALLOTMENT


@pytest.fixture
async def kafka(engines: RunningEngines) -> str:
    await apply(engines.kafka)
    return engines.kafka


@pytest.fixture
async def store(engines: RunningEngines, database: str) -> AsyncIterator[Store]:
    store = Store.connect(engines.mongo, database)
    yield store
    await store.close()


@pytest.fixture
def month() -> str:
    """One that no other test speaks of."""
    return uuid4().hex[:8]


class Known:
    """What one process was told of a month."""

    def __init__(self, month: str) -> None:
        self.percents: list[int] = []
        self._month = month

    def take(self, event: Event) -> None:
        if event.contact_id == f"whatsapp:{self._month}":
            self.percents.append(getattr(event, "threshold_percent", 0))

    async def until(self, percents: list[int]) -> None:
        async with asyncio.timeout(20):
            while self.percents != percents:
                await asyncio.sleep(0.02)


async def test_all_of_it_is_known_at_the_start_and_all_that_comes_soon_after_in_every_process(
    kafka: str, store: Store, month: str
) -> None:
    await write(kafka, ALLOTMENT, [used_up(month, percent) for percent in (50, 80)])
    both = [Known(month), Known(month)]
    streams = [Stream(f"svc-{uuid4().hex[:8]}", kafka, store) for _ in both]
    for stream, known in zip(streams, both, strict=True):
        stream.table(ALLOTMENT, known.take)
        await stream.start()
        assert known.percents == [50, 80]
        assert await stream.problems() == []
    await write(kafka, ALLOTMENT, [used_up(month, 90)])
    for stream, known in zip(streams, both, strict=True):
        await known.until([50, 80, 90])
        await stream.stop()


async def test_what_was_never_committed_is_not_known(kafka: str, store: Store, month: str) -> None:
    known = Known(month)
    stream = Stream(f"svc-{uuid4().hex[:8]}", kafka, store)
    stream.table(ALLOTMENT, known.take)
    await stream.start()
    producer = AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=uuid4().hex)
    await producer.start()
    await producer.begin_transaction()
    record = encode((ALLOTMENT, used_up(month, 100)), b"/tests")
    await producer.send_and_wait(record.topic, record.value, record.key, headers=record.headers)
    await producer.abort_transaction()
    await producer.stop()
    await write(kafka, ALLOTMENT, [used_up(month, 50)])
    await known.until([50])
    await stream.stop()


async def test_a_record_that_nobody_can_read_stops_nothing(kafka: str, store: Store, month: str) -> None:
    await write_raw(kafka, ALLOTMENT.name, b"whatsapp", b"{garbage")
    await write_raw(kafka, ALLOTMENT.name, b"whatsapp", None)
    await write(kafka, ALLOTMENT, [used_up(month, 50)])
    known = Known(month)
    stream = Stream(f"svc-{uuid4().hex[:8]}", kafka, store)
    stream.table(ALLOTMENT, known.take)
    await stream.start()
    assert known.percents == [50]
    await stream.stop()


async def test_without_it_nothing_starts(month: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ventanilla.stream.table._START_SECONDS", 1.0)
    table = Table("svc", "127.0.0.1:1", ALLOTMENT, Known(month).take)
    with pytest.raises(StreamUnavailableError, match="cannot be read whole"):
        await table.start()
    assert table.problem() is not None
