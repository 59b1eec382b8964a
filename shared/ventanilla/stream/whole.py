"""Reading a small topic whole, in no consumer group: from its beginning to where it ends now, and on.

Only committed records are seen (`read_committed`): what a transaction left behind that was aborted, or whose
producer died, is not there.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import UnknownTopicOrPartitionError

from ventanilla.stream.pacing import pace
from ventanilla.topics import Topic

_ANSWER_MS = 1_000


@asynccontextmanager
async def reader(service: str, bootstrap: str, topic: Topic) -> AsyncIterator[Any]:
    """An aiokafka consumer of all partitions of `topic`, at their beginning, that commits nothing.

    When partitions are added it begins anew with all of them. Raises `KafkaError`, also where there is no
    such topic.
    """
    consumer = AIOKafkaConsumer(
        topic.name,
        bootstrap_servers=bootstrap,
        client_id=f"ventanilla-{service}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        fetch_max_wait_ms=100,
    )
    try:
        await consumer.start()
        if not consumer.assignment():
            raise UnknownTopicOrPartitionError(f"{topic.name}: `ventanilla topics apply` makes it")
        pace(consumer)
        yield consumer
    finally:
        await consumer.stop()


async def to_its_end(consumer: Any) -> AsyncIterator[Any]:
    """The records from where `consumer` stands to where the topic ended when this began.

    Waits as long as they take to come: whoever calls sets a limit.
    """
    ends = await consumer.end_offsets(consumer.assignment())
    while any([await consumer.position(partition) < end for partition, end in ends.items()]):
        for records in (await consumer.getmany(timeout_ms=_ANSWER_MS)).values():
            for record in records:
                yield record
