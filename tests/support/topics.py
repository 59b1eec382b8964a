"""Reading and writing topics in tests, by plain aiokafka: what another team would see."""

import asyncio
from collections.abc import Sequence
from typing import TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from ventanilla.contracts.event import Event
from ventanilla.dead_letters import DeadLetter
from ventanilla.stream.records import decode, encode
from ventanilla.topics import Topic

E = TypeVar("E", bound=Event)

LARGEST_VALUE = 1_048_000
"""Bytes: with key and frame some hundred less than Kafka takes by default."""


async def make(kafka: str, *names: str, partitions: int = 1, **configs: str) -> None:
    """Make topics, for services that only a test knows. A config's dots are underscores here."""
    settings = {name.replace("_", "."): value for name, value in configs.items()}
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics(
            [
                NewTopic(name, num_partitions=partitions, replication_factor=1, topic_configs=settings)
                for name in names
            ]
        )
    finally:
        await admin.close()


async def write(kafka: str, topic: Topic, events: Sequence[Event]) -> None:
    """Publish events, in order, as the producing service would."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        for event in events:
            record = encode((topic, event), b"/tests")
            await producer.send(record.topic, record.value, record.key, headers=record.headers)
        await producer.flush()
    finally:
        await producer.stop()


async def write_raw(
    kafka: str, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]] = ()
) -> None:
    """Publish one record of any shape."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    await producer.start()
    try:
        await producer.send_and_wait(topic, value, key, headers=list(headers))
    finally:
        await producer.stop()


async def records(kafka: str, topic: str) -> "list[ConsumerRecord[bytes, bytes]]":
    """Everything that stands on a topic now, committed."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=kafka,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    try:
        await consumer.start()  # waits until the broker has told of the topic
        partitions = consumer.assignment()
        ends = await consumer.end_offsets(partitions)
        found: list[ConsumerRecord[bytes, bytes]] = []
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                found.extend(batch)
        return found
    finally:
        await consumer.stop()


async def dead_letters(kafka: str, topic: str) -> list[DeadLetter]:
    """Those that stand on a topic of dead letters now."""
    return [
        DeadLetter.from_record(record.key, record.value, list(record.headers))
        for record in await records(kafka, topic)
    ]


async def events(kafka: str, topic: Topic, kind: type[E], contacts: set[str]) -> list[E]:
    """The events of these contacts on a topic now, each contact's in order."""
    found = [
        decode(record, {topic.name: kind})
        for record in await records(kafka, topic.name)
        if (record.key or b"").decode(errors="replace") in contacts
    ]
    return [event for event in found if isinstance(event, kind)]


async def eventually_events(
    kafka: str, topic: Topic, kind: type[E], contacts: set[str], count: int, seconds: float = 20
) -> list[E]:
    """Waits until at least `count` such events stand on the topic; fails with what is there instead."""
    found: list[E] = []
    try:
        async with asyncio.timeout(seconds):
            while len(found) < count:
                found = await events(kafka, topic, kind, contacts)
                if len(found) < count:
                    await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"{len(found)} of {count} events on {topic.name}: {found}") from None
    return found
