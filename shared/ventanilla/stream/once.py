"""Saying something exactly once on a topic, whoever dies when, and however many try.

For the few events that a reader must not see twice: a threshold, a statement. A transactional producer under
one transactional id for the topic, whichever process it runs in:

1. Beginning with that id fences whoever had it before: their open transaction is aborted, and nothing that
   they send is accepted any more.
2. The topic is read to its end. What stands there was committed, for good; nobody but us can add to it.
   (Kafka answers a commit before readers see it, but does not begin anew with the id until they do.)
3. What does not stand there yet is written in one transaction, and committed: all of it or nothing.

Killed between any two steps, the topic has either all or none of it for who reads committed records
(`isolation_level=read_committed`; the default of most consumers shows aborted ones too), and the next one to
try finds out which. Whoever was fenced tries again, and finds it said.

It costs a read of the whole topic each time there is something new, so it is for small topics. An event that
the topic's retention removed can be said again.
"""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced

from ventanilla.contracts.event import Event
from ventanilla.stream.failures import StreamUnavailableError
from ventanilla.stream.records import encode
from ventanilla.stream.whole import reader, to_its_end
from ventanilla.topics import Topic

_ID_HEADER = "ce_id"
_STOP_SECONDS = 5.0
_TRANSACTION_MS = 30_000
"""The broker aborts the transaction of a dead process after this, when nobody else comes to do it."""


class Once:
    """One for each process of a service; all processes of a service together say a thing once."""

    def __init__(self, service: str, bootstrap: str, timeout_seconds: float = 30.0) -> None:
        self._service = service
        self._bootstrap = bootstrap
        self._source = f"/ventanilla/{service}".encode()
        self._timeout = timeout_seconds
        self._said: dict[str, set[str]] = {}
        """By topic the ids that are known to stand there: an id that is known costs no reading."""
        self._lock = asyncio.Lock()

    async def publish(self, topic: Topic, events: Sequence[Event]) -> list[Event]:
        """Put those of `events` on `topic` that are not there, in order, all or none. Returns those.

        What is one event is told by its `id`. When this returns all of them are committed, for good; readers
        see them some moments later. Raises `StreamUnavailableError` when that cannot be said within the time
        limit: call again with the same.
        """
        async with self._lock:
            said = self._said.setdefault(topic.name, set())
            try:
                async with asyncio.timeout(self._timeout):
                    while new := list({one.id: one for one in events if one.id not in said}.values()):
                        with suppress(ProducerFenced):
                            return await self._say(topic, new, said)
                        # Two that fence each other in step would go on for ever.
                        await asyncio.sleep(random.uniform(0.05, 1.0))
            except (KafkaError, TimeoutError) as error:
                raise StreamUnavailableError(type(error).__name__) from error
            return []

    async def _say(self, topic: Topic, events: Sequence[Event], said: set[str]) -> list[Event]:
        """Raises `ProducerFenced` when another process began after us: then nothing of it was said."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            client_id=f"ventanilla-{self._service}",
            transactional_id=f"{self._service}.once.{topic.name}",
            transaction_timeout_ms=_TRANSACTION_MS,
            acks="all",
        )
        try:
            await producer.start()
            async with reader(self._service, self._bootstrap, topic) as consumer:
                async for record in to_its_end(consumer):
                    said.update(value.decode() for name, value in record.headers if name == _ID_HEADER)
            new = [one for one in events if one.id not in said]
            if new:
                await self._commit(producer, topic, new)
                said.update(one.id for one in new)
            return new
        finally:
            # A transaction that was not committed is left as a crash would leave it: the next to begin with
            # this id aborts it. So there is one way out of every failure, and it is the tested one.
            with suppress(TimeoutError):
                async with asyncio.timeout(_STOP_SECONDS):
                    await producer.stop()
            _heard(producer)

    async def _commit(self, producer: AIOKafkaProducer, topic: Topic, events: Sequence[Event]) -> None:
        await producer.begin_transaction()
        for event in events:
            record = encode((topic, event), self._source)
            await producer.send_and_wait(record.topic, record.value, record.key, headers=record.headers)
        await producer.commit_transaction()


def _heard(producer: AIOKafkaProducer) -> None:
    """aiokafka tells by several futures what ended a transaction, and complains of those that nobody asked.

    There is no public way to ask them after a failure.
    """
    batches = [one for queue in producer._message_accumulator._batches.values() for one in queue]
    for told in (producer._txn_manager.wait_for_transaction_end(), *(one._drain_waiter for one in batches)):
        if told is not None and told.done() and not told.cancelled():
            told.exception()
