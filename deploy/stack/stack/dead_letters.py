"""Dead letters, looked at and replayed.

A replay copies key, value and headers back to the source topic, where every reader is idempotent. How far a
topic of dead letters has been replayed is kept as the committed offsets of one consumer group, so nothing is
replayed twice by accident. What an edge refused never stood on a topic: it is listed, and not replayed.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from ventanilla.dead_letters import DeadLetter
from ventanilla.topics import dead_letter_topics

GROUP = "dead-letters.replay"


class DeadLettersError(Exception):
    """The broker does not answer, or there is no such topic of dead letters."""


@dataclass(frozen=True)
class Waiting:
    """One letter that nobody has replayed yet."""

    letter: DeadLetter
    queue: str
    """The topic of dead letters that it stands on."""
    partition: int
    offset: int
    written_at: datetime

    @property
    def replayable(self) -> bool:
        """Whether it once stood on a topic, and so can be put there again."""
        return self.letter.partition >= 0


async def waiting(bootstrap: str, queue: str | None = None) -> list[Waiting]:
    """Every letter not replayed yet, oldest first within a topic. Raises `DeadLettersError`."""
    async with _consumer(bootstrap) as consumer:
        return [item async for item in _read(consumer, _queues(queue))]


async def replay(bootstrap: str, queue: str | None = None) -> tuple[int, int]:
    """Put back what can be, acknowledged by all replicas, then remember it.

    Returns how many were put back and how many were left because an edge refused them. Killed in between,
    the next call repeats some. Raises `DeadLettersError`.
    """
    async with _consumer(bootstrap) as consumer:
        letters = [item async for item in _read(consumer, _queues(queue))]
        back = [item for item in letters if item.replayable]
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
        await producer.start()
        try:
            for item in back:
                letter = item.letter
                await producer.send_and_wait(
                    letter.topic, letter.value, letter.key, headers=list(letter.original_headers)
                )
        finally:
            await producer.stop()
        done = {TopicPartition(item.queue, item.partition): item.offset + 1 for item in back}
        if done:
            await consumer.commit(done)
        return len(back), len(letters) - len(back)


def _queues(queue: str | None) -> list[str]:
    known = dead_letter_topics()
    if queue is None:
        return known
    if queue not in known:
        raise DeadLettersError(f"no topic of dead letters is named {queue}; there are {', '.join(known)}")
    return [queue]


@asynccontextmanager
async def _consumer(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, group_id=GROUP, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    try:
        await consumer.start()
        yield consumer
    except KafkaError as error:
        raise DeadLettersError(f"{bootstrap}: {type(error).__name__}") from error
    finally:
        await consumer.stop()


async def _read(consumer: AIOKafkaConsumer, queues: list[str]) -> AsyncIterator[Waiting]:
    existing = await consumer.topics()
    partitions = [
        TopicPartition(queue, partition)
        for queue in queues
        if queue in existing
        for partition in sorted(consumer.partitions_for_topic(queue) or ())
    ]
    if not partitions:
        return
    consumer.assign(partitions)
    ends = await consumer.end_offsets(partitions)
    starts = await consumer.beginning_offsets(partitions)
    for partition in partitions:
        replayed = await consumer.committed(partition) or 0
        consumer.seek(partition, starts[partition])
        position = starts[partition]
        while position < ends[partition]:
            found = await consumer.getmany(partition, timeout_ms=5000)
            records = found.get(partition, [])
            if not records:
                raise DeadLettersError(f"{partition.topic}: no answer at offset {position}")
            for record in records:
                position = record.offset + 1
                item = _waiting(record)
                if item is not None and (record.offset >= replayed or not item.replayable):
                    yield item


def _waiting(record: Any) -> Waiting | None:
    try:
        letter = DeadLetter.from_record(record.key, record.value, list(record.headers))
    except ValueError:
        return None  # written by somebody else; nothing says where it belongs
    written_at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    return Waiting(letter, record.topic, record.partition, record.offset, written_at)
