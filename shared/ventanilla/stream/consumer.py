"""One consumer group's loop, on FastStream's batch subscriber: batches in, offsets committed explicitly.

FastStream polls and hands over; everything that decides about loss or repetition is here. A batch is
processed under a lock; when partitions are revoked, the lock makes the revocation wait until the batch is
durable, and then it is committed. Else what is done is committed once a second at most, because a commit
costs as much as a small batch: a process that is killed leaves up to a second of work to be recognised as
done. A batch that fails is sought back to and tried again after a pause.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage

from ventanilla.observability import logger, said
from ventanilla.stream import metrics
from ventanilla.stream.failures import TooManyDeadLettersError
from ventanilla.stream.pacing import ask_longer, pace
from ventanilla.topics import Topic

log = logger(__name__)

Offsets = dict[TopicPartition, int]
Process = Callable[[list[Any]], Awaitable[Offsets]]
"""Takes consumed records in order; returns the next offset of each partition that may be committed by now."""


def next_offsets(records: Sequence[Any]) -> Offsets:
    """What to commit when all of these, in order in each partition, are done."""
    return {TopicPartition(record.topic, record.partition): record.offset + 1 for record in records}


COMMIT_EVERY_SECONDS = 1.0
_STUCK_SECONDS = 30.0
_MAX_PAUSE_SECONDS = 15.0
_MAX_RECORDS = 2_000
"""In a batch. Between two batches a consumer waits for the last write and for the next records, so it is
large; a revocation waits for its end, some tenths of a second."""


async def _raw(message: Any) -> KafkaMessage:
    """FastStream's own parser fails on a header that is no text, and the next commit skips the record."""
    return KafkaMessage(body=b"", headers={}, raw_message=message, consumer=FAKE_CONSUMER)


async def _records(message: Any) -> Any:
    return message.raw_message


class GroupConsumer:
    """One member of one consumer group, of one or several topics with the same number of partitions."""

    def __init__(
        self,
        broker: KafkaBroker,
        group: str,
        topics: Sequence[Topic],
        process: Process,
        *,
        finished: Callable[[], Offsets] | None = None,
        on_revoked: Callable[[], Awaitable[Offsets]] | None = None,
        collect_seconds: float = 0.0,
        instance: str | None = None,
    ) -> None:
        self.group = group
        self._process = process
        self._finished = finished
        self._on_revoked = on_revoked
        self._collect_seconds = collect_seconds
        self._lock = asyncio.Lock()
        self._done: Offsets = {}
        self._committed: Offsets = {}
        self._committed_at = 0.0
        self._failures = 0
        self._stopped: str | None = None
        self._closing = False
        self._last_success = time.monotonic()
        self._batch_seconds = metrics.BATCH_SECONDS.labels(group)
        self._failure_count = metrics.FAILURES.labels(group)
        self._lag_seconds = metrics.LAG_SECONDS.labels(group)
        self._subscriber = broker.subscriber(
            *(topic.name for topic in topics),
            group_id=group,
            group_instance_id=f"{group}.{instance}" if instance else None,
            batch=True,
            max_records=_MAX_RECORDS,
            batch_timeout_ms=20,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            partition_assignment_strategy=[RangePartitionAssignor],  # one partition number, one owner
            session_timeout_ms=20_000,
            heartbeat_interval_ms=2_000,
            max_poll_interval_ms=600_000,
            listener=_Rebalance(self),
        )
        self._subscriber(self._on_batch, parser=_raw, decoder=_records)

    def pace(self) -> None:
        """Once, when the subscriber has started (see `ventanilla.stream.pacing`)."""
        pace(self.consumer, self._collect_seconds)
        ask_longer(self.consumer)

    @property
    def consumer(self) -> Any:
        """The aiokafka consumer, or None before the start and after the stop."""
        return self._subscriber.consumer

    async def _on_batch(self, records: Any) -> None:
        if self._stopped is not None or self._closing:
            await asyncio.sleep(0.2)  # these records are not committed: they come again
            return
        started = time.monotonic()
        async with self._lock:
            consumer = self.consumer
            if consumer is None:
                return
            owned = consumer.assignment()
            mine = [record for record in records if TopicPartition(record.topic, record.partition) in owned]
            if not mine:
                return
            try:
                offsets = await self._process(mine)
            except TooManyDeadLettersError as error:
                self._stopped = str(error)
                self._seek_back(mine)
                log.critical("consumer_stopped", group=self.group, reason=str(error))
                return
            except Exception as error:
                self._seek_back(mine)
                self._failures += 1
                self._failure_count.inc()
                log.error(
                    "batch_failed", group=self.group, error=type(error).__name__, detail=said(error)[:300],
                    attempt=self._failures, records=len(mine),
                )  # fmt: skip
            else:
                self._failures = 0
                self._done.update(offsets)
                if time.monotonic() - self._committed_at >= COMMIT_EVERY_SECONDS:
                    await self._commit()
                self._last_success = time.monotonic()
                self._batch_seconds.observe(self._last_success - started)
                self._lag_seconds.set(max(0.0, time.time() - mine[0].timestamp / 1000))
        if self._failures:
            # Outside the lock: a rebalance need not wait for a pause. Full jitter, so that replicas spread.
            await asyncio.sleep(random.uniform(0.1, min(_MAX_PAUSE_SECONDS, 0.25 * 2**self._failures)))

    def _seek_back(self, records: Sequence[Any]) -> None:
        """The next poll starts again at the first record of this batch, in each partition."""
        first: Offsets = {}
        for record in records:
            first.setdefault(TopicPartition(record.topic, record.partition), record.offset)
        for partition, offset in first.items():
            if partition in self.consumer.assignment():
                self.consumer.seek(partition, offset)

    async def commit(self) -> None:
        """Commit what is done, by its offsets, never bare. Waits for the batch in hand.

        What the broker refuses is tried again the next time; until then it costs a repetition, not a record.
        """
        async with self._lock:
            await self._commit()

    async def _commit(self) -> None:
        consumer = self.consumer
        if consumer is None:
            return
        if self._finished is not None:
            self._done.update(self._finished())
        owned = consumer.assignment()
        offsets = {
            partition: offset
            for partition, offset in self._done.items()
            if partition in owned and self._committed.get(partition) != offset
        }
        if not offsets:
            return
        self._committed_at = time.monotonic()
        try:
            async with asyncio.timeout(10):
                await consumer.commit(offsets)
        except (KafkaError, TimeoutError) as error:
            log.warning("commit_refused", group=self.group, error=type(error).__name__)
        else:
            self._committed.update(offsets)

    async def revoked(self) -> None:
        """Called before partitions go to another member: drain, commit, forget."""
        async with self._lock:
            if self._on_revoked is not None:
                self._done.update(await self._on_revoked())
            await self._commit()
            self._done, self._committed = {}, {}

    async def close(self) -> None:
        """Take no more batches; drain and commit what was taken."""
        self._closing = True
        await self.revoked()

    def pause(self) -> None:
        """Take no more records until `resume`; the member stays in its group."""
        if self.consumer is not None:
            self.consumer.pause(*self.consumer.assignment())

    def resume(self) -> None:
        """Undo `pause`."""
        if self.consumer is not None:
            self.consumer.resume(*self.consumer.paused())

    def progressed(self) -> None:
        """Something that was taken before is done: who is paused because he has enough to do is not stuck."""
        self._last_success = time.monotonic()

    async def problem(self) -> str | None:
        """Why this consumer is not fit for work, or None. Also refreshes the lag metrics."""
        if self._stopped is not None:
            return f"{self.group}: stopped ({self._stopped})"
        consumer = self.consumer
        if consumer is None or not (assigned := consumer.assignment()):
            return f"{self.group}: no partitions assigned"
        behind = 0
        for partition in assigned:
            try:
                async with asyncio.timeout(1):
                    position = await consumer.position(partition)
            except (KafkaError, TimeoutError):
                return f"{self.group}: position unknown"
            lag = max(0, (consumer.highwater(partition) or position) - position)
            metrics.LAG_RECORDS.labels(self.group, partition.topic, str(partition.partition)).set(lag)
            behind += lag
        if self._failures:
            return f"{self.group}: the last batch failed {self._failures} times"
        if behind == 0:
            self._last_success = time.monotonic()
        elif time.monotonic() - self._last_success > _STUCK_SECONDS:
            return f"{self.group}: {behind} records waiting and no progress for {_STUCK_SECONDS:.0f} s"
        return None


class _Rebalance(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, owner: GroupConsumer) -> None:
        self._owner = owner

    async def on_partitions_revoked(self, revoked: Any) -> None:
        await self._owner.revoked()

    async def on_partitions_assigned(self, assigned: Any) -> None:
        log.info("partitions_assigned", group=self._owner.group, partitions=len(assigned))
