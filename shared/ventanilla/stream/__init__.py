"""Streams: the one package that knows FastStream, aiokafka, batches, offsets and dead letters.

A service declares what it consumes in one of three shapes and gets the right guarantees with it:

* `keyed`: state by contact, decided by a pure function, exactly once in effect;
* `each_batch`: an idempotent handler of whole batches, at least once;
* `ordered`: one event at a time for each contact, for work that waits on the outside world.

Beside these: `table` keeps a small topic whole in every process, `publish_once` says a thing once for all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker
from pydantic import BaseModel

from ventanilla.contracts.event import Event
from ventanilla.observability import logger
from ventanilla.store import Store
from ventanilla.stream.batches import Batches, HandleBatch
from ventanilla.stream.consumer import COMMIT_EVERY_SECONDS, GroupConsumer, Offsets, Process
from ventanilla.stream.decision import Decision, Output
from ventanilla.stream.failures import StreamUnavailableError
from ventanilla.stream.keyed import Decide, Indexed, KeyedState
from ventanilla.stream.letters import Sorter
from ventanilla.stream.once import Once
from ventanilla.stream.ordered import HandleOne, OrderedWork, Received
from ventanilla.stream.progress import Progress, buried_records, group_progress
from ventanilla.stream.publisher import Publisher
from ventanilla.stream.table import Table, Take
from ventanilla.topics import Topic

__all__ = ["Decision", "KeyedState", "Output", "Progress", "Received", "Stream", "StreamUnavailableError"]

S = TypeVar("S", bound=BaseModel)

log = logger(__name__)

_PROGRESS_SECONDS = 20.0


class Stream:
    """A service's side of Kafka: declare, then `start`."""

    def __init__(self, service: str, bootstrap: str, store: Store, instance: str | None = None) -> None:
        self.service = service
        self._instance = instance
        self._bootstrap = bootstrap
        self._store = store
        self._publisher = Publisher(service, bootstrap)
        self._once = Once(service, bootstrap)
        self._broker = KafkaBroker(
            bootstrap.split(","),  # FastStream takes a text for one host, whatever is in it
            client_id=f"ventanilla-{service}",
            consumer_only=True,
            apply_types=False,
            logger=None,
            graceful_timeout=20.0,
        )
        self._consumers: list[GroupConsumer] = []
        self._tables: list[Table] = []
        self._committer: asyncio.Task[None] | None = None

    def keyed(
        self,
        name: str,
        inputs: Sequence[Topic],
        *,
        collection: str,
        state: type[S],
        decide: Decide[S],
        indexed: Indexed[S] | None = None,
        collect_seconds: float = 0.0,
    ) -> KeyedState[S]:
        """State by contact, exactly once in effect (see `ventanilla.stream.keyed`). `decide` must be pure.

        `indexed` gives extra document fields, for queries; it must always give the same names. Records are
        collected for `collect_seconds` (see `ventanilla.stream.pacing`), where nobody waits for the outcome.
        """
        group = self._group(name)
        keyed = KeyedState(
            self.service, group, self._store, self._publisher, self._sorter(group, inputs),
            collection=collection, state=state, decide=decide, indexed=indexed,
        )  # fmt: skip
        consumer = self._consume(
            group, inputs, keyed.process, on_revoked=keyed.forget, collect_seconds=collect_seconds
        )
        keyed.watch_highwater(lambda partition: consumer.consumer.highwater(partition))
        return keyed

    def each_batch(
        self, name: str, inputs: Sequence[Topic], handle: HandleBatch, *, collect_seconds: float = 0.0
    ) -> None:
        """At least once: `handle` is idempotent, and its effect durable when it returns."""
        group = self._group(name)
        batches = Batches(group, self._publisher, self._sorter(group, inputs), handle)
        self._consume(group, inputs, batches.process, collect_seconds=collect_seconds)

    def ordered(self, name: str, topic: Topic, handle: HandleOne, *, in_flight: int = 512) -> None:
        """At least once, in order for each contact, contacts side by side. `handle` may wait long."""
        group = self._group(name)
        work = OrderedWork(group, self._publisher, self._sorter(group, [topic]), handle, in_flight)
        consumer = self._consume(
            group, [topic], work.process, finished=work.committable, on_revoked=work.drain
        )
        work.steer(consumer.pause, consumer.resume, consumer.progressed)

    def table(self, topic: Topic, take: Take) -> None:
        """Every event of a small topic, from its first, given to `take` in every process of the service.

        `start` returns when all that stood there was taken in: before any consumer begins, and so before the
        service is ready. In no group; what is read again after a failure is taken again.
        """
        self._tables.append(Table(self.service, self._bootstrap, topic, take))

    async def publish(self, *outputs: Output) -> None:
        """Returns when Kafka has acknowledged all. Raises `StreamUnavailableError`."""
        await self._publisher.publish(outputs)

    async def publish_once(self, topic: Topic, *events: Event) -> list[Event]:
        """Put those of `events` on `topic` that are not there yet, in one transaction; returns those.

        Strictly once for who reads committed records, whoever is killed when and however many processes try
        (see `ventanilla.stream.once`): no other memory of what was said is needed. For small topics: reads
        the whole one whenever there is something new. When it returns, all of them stand there. Raises
        `StreamUnavailableError`: call again with events of the same ids.
        """
        return await self._once.publish(topic, events)

    async def progress(self, name: str, *topics: Topic) -> list[Progress]:
        """How far the group `name` of this service has come on `topics`, all processes together.

        Raises `StreamUnavailableError`.
        """
        try:
            async with asyncio.timeout(_PROGRESS_SECONDS):
                return await group_progress(self.service, self._bootstrap, self._group(name), topics)
        except (KafkaError, TimeoutError) as error:
            raise StreamUnavailableError(type(error).__name__) from error

    async def buried(self, topic: Topic) -> int:
        """How many records of `topic` this service put among its dead letters, each once.

        Reads all dead letters that are kept. Raises `StreamUnavailableError`.
        """
        try:
            async with asyncio.timeout(_PROGRESS_SECONDS):
                return await buried_records(self.service, self._bootstrap, topic)
        except (KafkaError, TimeoutError) as error:
            raise StreamUnavailableError(type(error).__name__) from error

    async def dead_letter(self, topic: Topic, key: str, value: bytes, *, reason: str, error: str) -> None:
        """Keep what an edge cannot accept, with its reason. Raises `StreamUnavailableError`."""
        await self._publisher.bury(
            [self._publisher.dead_letter(topic, key, value, reason=reason, error=error)]
        )

    async def start(self) -> None:
        """Connects, reads tables whole, and begins to consume.

        Raises `KafkaError` when no broker answers, `StreamUnavailableError` when a table cannot be read.
        """
        await self._publisher.start()
        for table in self._tables:
            await table.start()
        await self._broker.start()
        for consumer in self._consumers:
            consumer.pace()
        self._committer = asyncio.create_task(self._commit_regularly())

    async def stop(self) -> None:
        """Ends the batch in hand, commits, leaves the groups, then flushes what is still to be published."""
        if self._committer is not None:
            self._committer.cancel()
        for consumer in self._consumers:
            await consumer.close()
        await self._broker.stop()
        for table in self._tables:
            await table.stop()
        await self._publisher.stop()

    async def problems(self) -> list[str]:
        """Why the service is not ready, as far as its streams know; empty when it is."""
        found = await asyncio.gather(*(consumer.problem() for consumer in self._consumers))
        found += [table.problem() for table in self._tables]
        return [problem for problem in found if problem is not None]

    def _group(self, name: str) -> str:
        return f"{self.service}.{name}"

    def _sorter(self, group: str, inputs: Sequence[Topic]) -> Sorter:
        return Sorter(self.service, group, {topic.name: topic.event for topic in inputs})

    def _consume(
        self,
        group: str,
        inputs: Sequence[Topic],
        process: Process,
        *,
        finished: Callable[[], Offsets] | None = None,
        on_revoked: Callable[[], Awaitable[Offsets]] | None = None,
        collect_seconds: float = 0.0,
    ) -> GroupConsumer:
        consumer = GroupConsumer(
            self._broker, group, inputs, process, finished=finished, on_revoked=on_revoked,
            collect_seconds=collect_seconds, instance=self._instance,
        )  # fmt: skip
        self._consumers.append(consumer)
        return consumer

    async def _commit_regularly(self) -> None:
        """What the last batches before a silence left."""
        while True:
            await asyncio.sleep(COMMIT_EVERY_SECONDS)
            done = await asyncio.gather(
                *(consumer.commit() for consumer in self._consumers), return_exceptions=True
            )
            for error in done:
                if error is not None:
                    log.error("commit_failed", exc_info=error)
