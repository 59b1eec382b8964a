"""Writing to Kafka: who is told what, when batches fail, stay unanswered or are full."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka.errors import KafkaError, NotEnoughReplicasError, OutOfOrderSequenceNumber
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given, settings
from hypothesis import strategies as st

from ventanilla.stream import StreamUnavailableError, publisher
from ventanilla.stream.publisher import Publisher
from ventanilla.stream.records import Encoded

Answer = Exception | None
"""To one batch: an error, or that it is kept."""

SENDS = st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=4), min_size=1, max_size=12)
"""Each a list of keys."""


class Producer:
    """In place of aiokafka's: its own batches, and answers that the test chooses."""

    def __init__(self, answers: list[Answer], partitions: int = 3) -> None:
        self.answers = answers
        self.partitions = partitions
        self.answering = asyncio.Event()
        self.answering.set()
        self.kept: dict[int, list[bytes]] = defaultdict(list)
        self.refused: dict[int, list[bytes]] = defaultdict(list)
        self.batches: list[list[bytes]] = []
        self.running = False

    async def start(self) -> None:
        self.running = True

    async def stop(self) -> None:
        self.running = False

    async def partitions_for(self, _: str) -> set[int]:
        return set(range(self.partitions))

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(256 * 1024, 0)

    async def send_batch(self, batch: BatchBuilder, _: str, *, partition: int) -> "asyncio.Task[None]":
        values = _values(batch)
        self.batches.append(values)
        return asyncio.create_task(self._answer(values, partition))

    async def _answer(self, values: list[bytes], partition: int) -> None:
        await asyncio.sleep(0)
        await self.answering.wait()
        answer = self.answers.pop(0) if self.answers else None
        (self.refused if answer else self.kept)[partition] += values
        if answer is not None:
            raise answer


def _values(batch: BatchBuilder) -> list[bytes]:
    read = MemoryRecords(bytes(batch._build()))
    found: list[bytes] = []
    while read.has_next():
        found += [record.value for record in read.next_batch()]
    return found


def record(key: int, value: bytes) -> Encoded:
    return Encoded("messages", str(key).encode(), value, [("ce_id", value[:8])])


Connect = Callable[..., Publisher]


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Connect:
    def connected(*producers: Producer, timeout_seconds: float = 10) -> Publisher:
        """Its producers come in this order."""
        waiting = list(producers)

        def next_one(**_: Any) -> Producer:
            return waiting.pop(0)

        monkeypatch.setattr(publisher, "AIOKafkaProducer", next_one)
        return Publisher("tests", "nowhere", timeout_seconds)

    return connected


@settings(max_examples=200)
@given(sends=SENDS, refused=st.sets(st.integers(0, 20)), turns=st.lists(st.integers(0, 3), max_size=12))
def test_who_is_told_that_all_is_kept_has_all_of_it_kept_once_and_in_order(
    sends: list[list[int]], refused: set[int], turns: list[int]
) -> None:
    async def run() -> None:
        producer = Producer([NotEnoughReplicasError() if turn in refused else None for turn in range(60)])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(publisher, "AIOKafkaProducer", lambda **_: producer)
            writer = Publisher("tests", "nowhere")
            await writer.start()
        said = [
            [record(key, f"{number}.{place}.{key}".encode()) for place, key in enumerate(keys)]
            for number, keys in enumerate(sends)
        ]

        async def send(number: int) -> bool:
            for _ in range(turns[number] if number < len(turns) else 0):
                await asyncio.sleep(0)
            try:
                await writer.send(said[number])
            except StreamUnavailableError:
                return False
            return True

        outcomes = await asyncio.gather(*map(send, range(len(said))))
        await _quiet(producer)
        kept = [value for values in producer.kept.values() for value in values]
        lost = {value for values in producer.refused.values() for value in values}
        assert len(kept) == len(set(kept))
        for records, whole in zip(said, outcomes, strict=True):
            values = [one.value for one in records]
            assert whole is not any(value in lost for value in values)
            assert not whole or set(values) <= set(kept)
            for in_partition in producer.kept.values():
                mine = [value for value in in_partition if value in values]
                assert mine == sorted(mine)

    asyncio.run(run())


async def test_what_comes_while_a_batch_is_under_way_makes_up_the_next(connect: Connect) -> None:
    producer = Producer([], partitions=1)
    writer = connect(producer)
    await writer.start()
    first = await _under_way(producer, writer)
    others = [asyncio.create_task(writer.send([record(1, value)])) for value in (b"b", b"c", b"d")]
    await asyncio.sleep(0.01)
    producer.answering.set()
    await asyncio.gather(first, *others)
    assert producer.batches == [[b"under way"], [b"b", b"c", b"d"]]


async def test_records_that_one_batch_does_not_hold_come_in_several_in_their_order(connect: Connect) -> None:
    producer = Producer([], partitions=1)
    writer = connect(producer)
    await writer.start()
    values = [bytes([65 + number]) * size * 1024 for number, size in enumerate((150, 150, 300, 1, 1))]
    await writer.send([record(1, value) for value in values])
    assert producer.kept[0] == values
    assert [len(batch) for batch in producer.batches] == [1, 1, 1, 2]


async def test_who_waits_too_long_is_told_so_and_what_still_waits_is_never_written(
    connect: Connect,
) -> None:
    producer = Producer([], partitions=1)
    writer = connect(producer, timeout_seconds=0.05)
    await writer.start()
    under_way = await _under_way(producer, writer)
    with pytest.raises(StreamUnavailableError, match="TimeoutError"):
        await writer.send([record(1, b"waiting")])
    with pytest.raises(StreamUnavailableError, match="TimeoutError"):
        await under_way
    producer.answering.set()
    await writer.send([record(1, b"later")])
    assert producer.batches == [[b"under way"], [b"later"]]


async def test_of_a_caller_who_was_interrupted_nothing_that_still_waited_is_written(connect: Connect) -> None:
    producer = Producer([], partitions=1)
    writer = connect(producer)
    await writer.start()
    under_way = await _under_way(producer, writer)
    interrupted = asyncio.create_task(writer.send([record(1, b"waiting")]))
    await asyncio.sleep(0)
    interrupted.cancel()
    with pytest.raises(asyncio.CancelledError):
        await interrupted
    producer.answering.set()
    await under_way
    await writer.send([record(1, b"later")])
    assert producer.batches == [[b"under way"], [b"later"]]


async def test_a_lost_producer_is_replaced_and_the_next_send_goes_to_the_new_one(connect: Connect) -> None:
    lost, fresh = Producer([OutOfOrderSequenceNumber()]), Producer([])
    writer = connect(lost, fresh)
    await writer.start()
    with pytest.raises(StreamUnavailableError, match="OutOfOrderSequenceNumber"):
        await writer.send([record(1, b"a")])
    assert not lost.running
    await writer.send([record(1, b"a")])
    assert [b"a"] in fresh.kept.values()
    assert len(lost.batches) == 1


async def test_a_producer_whose_sender_died_is_replaced_for_all_who_waited_at_once(connect: Connect) -> None:
    lost, fresh = Producer([KafkaError("died")] * 6, partitions=1), Producer([], partitions=1)
    writer = connect(lost, fresh)
    await writer.start()
    outcomes = await asyncio.gather(
        *(writer.send([record(key, b"x")]) for key in range(6)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [StreamUnavailableError] * 6
    await writer.send([record(1, b"a")])
    assert fresh.kept[0] == [b"a"]


async def test_a_mistake_is_raised_as_it_is_and_the_partition_goes_on(connect: Connect) -> None:
    producer = Producer([ZeroDivisionError()], partitions=1)
    writer = connect(producer)
    await writer.start()
    with pytest.raises(ZeroDivisionError):
        await writer.send([record(1, b"a")])
    await writer.send([record(1, b"b")])
    assert producer.kept[0] == [b"b"]


async def test_partitions_that_are_added_are_used(connect: Connect) -> None:
    producer = Producer([], partitions=1)
    writer = connect(producer)
    await writer.start()
    await writer.send([record(key, b"before") for key in range(40)])
    producer.partitions = 4
    await writer.send([record(1, b"the first that notices")])
    await writer.send([record(key, b"after") for key in range(40)])
    assert [place for place in range(4) if b"after" in producer.kept[place]] == [0, 1, 2, 3]


async def test_before_it_started_and_after_it_stopped_nothing_is_taken(connect: Connect) -> None:
    producer = Producer([])
    writer = connect(producer)
    with pytest.raises(StreamUnavailableError, match="not running"):
        await writer.send([record(1, b"a")])
    await writer.start()
    await writer.stop()
    with pytest.raises(StreamUnavailableError, match="not running"):
        await writer.send([record(1, b"a")])
    assert not producer.batches


async def _quiet(producer: Producer) -> None:
    """Until nothing more is written."""
    seen = -1
    while seen != len(producer.batches):
        seen = len(producer.batches)
        for _ in range(10):
            await asyncio.sleep(0)


async def _under_way(producer: Producer, writer: Publisher) -> asyncio.Task[None]:
    """Who has a batch under way that is not answered before `producer.answering` is set."""
    producer.answering.clear()
    sending = asyncio.create_task(writer.send([record(1, b"under way")]))
    async with asyncio.timeout(5):
        while not producer.batches:
            await asyncio.sleep(0.001)
    assert producer.batches == [[b"under way"]]
    return sending
