"""How far a consumer group has come, all its members together, as the broker knows it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError, NotCoordinatorForGroupError
from aiokafka.structs import OffsetAndMetadata

from ventanilla.dead_letters import DeadLetter
from ventanilla.stream.whole import reader, to_its_end
from ventanilla.topics import Topic


@dataclass(frozen=True, slots=True)
class Progress:
    """One partition of one topic, for one group, in offsets."""

    topic: str
    partition: int
    begins: int
    """The first record that is still kept."""
    committed: int | None
    """The first record that is not done yet; None: the group never said."""
    ends: int
    """Where the next record will stand."""

    @property
    def done(self) -> int:
        """The offset before which all is done."""
        return self.begins if self.committed is None else self.committed


async def group_progress(service: str, bootstrap: str, group: str, topics: Sequence[Topic]) -> list[Progress]:
    """In order of topic and partition. What was committed is read before the ends, so that it is never ahead.

    Raises `KafkaError`.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id=f"ventanilla-{service}")
    consumer = AIOKafkaConsumer(
        *(topic.name for topic in topics),
        bootstrap_servers=bootstrap,
        client_id=f"ventanilla-{service}",
        enable_auto_commit=False,
    )
    try:
        await admin.start()
        committed = await _committed(admin, group)
        await consumer.start()
        partitions = sorted(consumer.assignment(), key=lambda one: (one.topic, one.partition))
        begins = await consumer.beginning_offsets(partitions)
        ends = await consumer.end_offsets(partitions)
    finally:
        await consumer.stop()
        await admin.close()
    known = {place: said.offset for place, said in committed.items() if said.offset >= 0}
    return [Progress(one.topic, one.partition, begins[one], known.get(one), ends[one]) for one in partitions]


async def _committed(admin: AIOKafkaAdminClient, group: str) -> "dict[TopicPartition, OffsetAndMetadata]":
    """A new cluster makes its topic of offsets when it is first asked for a group: that takes a moment."""
    while True:
        try:
            said: dict[TopicPartition, OffsetAndMetadata] = await admin.list_consumer_group_offsets(group)
            return said
        except (GroupCoordinatorNotAvailableError, NotCoordinatorForGroupError):
            await asyncio.sleep(0.2)


async def buried_records(service: str, bootstrap: str, topic: Topic) -> int:
    """Records of `topic` among the dead letters of `service`, each once, also those whose letter is gone.

    A batch that failed after its letters were written buries them again, so letters are told apart by the
    place of their record. Raises `KafkaError`.
    """
    letters = replace(topic, name=topic.dead_letters(service))
    found: set[tuple[int, int]] = set()
    async with reader(service, bootstrap, letters) as consumer:
        gone = sum((await consumer.beginning_offsets(consumer.assignment())).values(), 0)
        async for record in to_its_end(consumer):
            letter = DeadLetter.from_record(record.key, record.value, list(record.headers))
            if letter.offset >= 0:
                found.add((letter.partition, letter.offset))
    return len(found) + int(gone)
