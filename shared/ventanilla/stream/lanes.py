"""What waits to be written to Kafka, by partition.

A partition has one batch under way at a time, and what comes meanwhile makes up the next one: nobody waits
for company, and the busier it is, the larger are the batches. The producer's own `send` gathers in the same
way, and takes ten times as long for a record (decision 17).
"""

import asyncio
from collections import deque
from functools import lru_cache

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2
from aiokafka.producer.message_accumulator import BatchBuilder

from ventanilla.stream.records import Encoded


@lru_cache(maxsize=16_384)  # in Python it takes longer than to encode an event, and contacts come again
def _hash(key: bytes) -> int:
    return int(murmur2(key)) & 0x7FFFFFFF


def partition_of(key: bytes, partitions: int) -> int:
    """As every Kafka client chooses by default, so that strangers may write our topics too."""
    return _hash(key) % partitions


class Receipt:
    """For records that were handed in together: whether Kafka has them all."""

    __slots__ = ("_missing", "error", "settled")

    def __init__(self, records: int) -> None:
        self.settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when all are acknowledged, when one of them failed, or when nobody waits for it any more."""
        self.error: Exception | None = None
        self._missing = records

    def acknowledged(self) -> None:
        """One more of them."""
        self._missing -= 1
        if not (self._missing or self.settled.done()):
            self.settled.set_result(None)

    def failed(self, error: Exception) -> None:
        """One of them, or all are too late. What is settled stays so."""
        if not self.settled.done():
            self.error = error
            self.settled.set_result(None)


class Lane:
    """One partition's records, written in the order in which they came."""

    def __init__(self, lanes: "Lanes", topic: str, partition: int) -> None:
        self._lanes = lanes
        self._topic = topic
        self._partition = partition
        self._waiting: deque[tuple[Encoded, Receipt]] = deque()
        self._writing: asyncio.Task[None] | None = None

    def add(self, record: Encoded, receipt: Receipt) -> None:
        """It is written in the loop's next turn, or after the batch that is under way."""
        self._waiting.append((record, receipt))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while self._waiting:
            receipts: list[Receipt] = []
            try:
                await self._write_batch(receipts)
            except Exception as error:  # whatever it is, it is told to those who wait
                for receipt in receipts:
                    receipt.failed(error)
            else:
                for receipt in receipts:
                    receipt.acknowledged()
        self._writing = None

    async def _write_batch(self, receipts: list[Receipt]) -> None:
        """As many as one batch holds. `receipts` is filled with theirs. Returns when Kafka has them."""
        batch = self._lanes.producer.create_batch()
        while self._waiting:
            record, receipt = self._waiting.popleft()
            if receipt.settled.done():  # whoever has given up will say all of it again
                continue
            receipts.append(receipt)
            kept = batch.append(timestamp=None, key=record.key, value=record.value, headers=record.headers)
            if kept is None:  # it is full
                receipts.pop()
                self._waiting.appendleft((record, receipt))
                break
        if receipts:
            await self._lanes.write(batch, self._topic, self._partition)


class Lanes:
    """All lanes of one producer."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self.producer = producer
        self._by_topic: dict[str, list[Lane]] = {}

    def lead_to(self, topic: str) -> bool:
        """Whether a record of this topic can be added, or its partitions must be looked up first."""
        return topic in self._by_topic

    async def look_up(self, topic: str) -> None:
        """A topic's partitions. Asks a broker the first time, for as long as the producer's own time limit.
        Raises `KafkaError` when there is no such topic."""
        partitions = len(await self.producer.partitions_for(topic))
        lanes = self._by_topic.setdefault(topic, [])
        while len(lanes) < partitions:
            lanes.append(Lane(self, topic, len(lanes)))

    def add(self, record: Encoded, receipt: Receipt) -> None:
        """To the lane of its key."""
        lanes = self._by_topic[record.topic]
        lanes[partition_of(record.key, len(lanes))].add(record, receipt)

    async def write(self, batch: BatchBuilder, topic: str, partition: int) -> None:
        """Returns when Kafka has it. Raises what the producer raises."""
        await self.look_up(topic)  # which by now costs nothing, and partitions that were added are noticed
        await (await self.producer.send_batch(batch, topic, partition=partition))

    async def stop(self) -> None:
        """What is under way is written, and the producer disconnects."""
        await self.producer.stop()
