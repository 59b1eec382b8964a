"""One event at a time for each contact, many contacts at once: for work that waits on the outside world.

An offset is committed when it and all before it in its partition are done, so a crash repeats only what was
not finished. A contact that waits (a provider that answers "later") holds back nobody else; when `in_flight`
events are being worked on, the consumer stops taking more, and the backlog stays in Kafka.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiokafka import TopicPartition

from ventanilla.contracts.event import Event
from ventanilla.observability import logger
from ventanilla.stream import metrics
from ventanilla.stream.consumer import Offsets
from ventanilla.stream.failures import INFRASTRUCTURE, TooManyDeadLettersError
from ventanilla.stream.letters import Sorter
from ventanilla.stream.publisher import Publisher
from ventanilla.tasks import end

log = logger(__name__)

_DRAIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Received:
    """An event, and when Kafka took it (UTC)."""

    event: Event
    appended_at: datetime


HandleOne = Callable[[Received], Awaitable[None]]


class OffsetTracker:
    """Which offset may be committed: the first one that is not done."""

    def __init__(self) -> None:
        self._open: deque[int] = deque()
        self._done: set[int] = set()
        self._next: int | None = None

    def begin(self, offset: int) -> None:
        """Offsets begin in ascending order; they may have gaps."""
        self._open.append(offset)

    def finish(self, offset: int) -> None:
        """Offsets finish in any order."""
        self._done.add(offset)
        while self._open and self._open[0] in self._done:
            self._next = self._open.popleft() + 1
            self._done.discard(self._next - 1)

    @property
    def committable(self) -> int | None:
        """The next offset to read after a restart, or None when nothing is done yet."""
        return self._next

    def __len__(self) -> int:
        return len(self._open)


class OrderedWork:
    """The work of one group. See the module's text."""

    def __init__(
        self, group: str, publisher: Publisher, sorter: Sorter, handle: HandleOne, in_flight: int
    ) -> None:
        self._publisher = publisher
        self._sorter = sorter
        self._handle = handle
        self._limit = in_flight
        self._trackers: dict[TopicPartition, OffsetTracker] = {}
        self._queues: dict[str, deque[Any]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._pause: Callable[[], None] = lambda: None
        self._resume: Callable[[], None] = lambda: None
        self._progressed: Callable[[], None] = lambda: None
        self._paused = False
        self._fatal: TooManyDeadLettersError | None = None
        self._processed = metrics.RECORDS.labels(group, "processed")
        metrics.IN_FLIGHT.labels(group).set_function(lambda: self.open)

    def steer(
        self, pause: Callable[[], None], resume: Callable[[], None], progressed: Callable[[], None]
    ) -> None:
        """How to make the consumer stop and go, and how to tell it that something was done meanwhile."""
        self._pause, self._resume, self._progressed = pause, resume, progressed

    @property
    def open(self) -> int:
        """How many events were taken and are not committable yet."""
        return sum(len(tracker) for tracker in self._trackers.values())

    async def process(self, records: list[Any]) -> Offsets:
        """Takes a batch on, and finishes none of it. Pauses the consumer when that is full."""
        if self._fatal is not None:
            raise self._fatal
        good, letters = self._sorter.events(records)
        await self._publisher.bury(letters)
        events = {id(record): event for record, event in good}
        for record in records:
            tracker = self._trackers.setdefault(
                TopicPartition(record.topic, record.partition), OffsetTracker()
            )
            tracker.begin(record.offset)
            event = events.get(id(record))
            if event is None:
                tracker.finish(record.offset)
                continue
            self._queues.setdefault(event.contact_id, deque()).append((record, event))
            if event.contact_id not in self._workers:
                worker = asyncio.create_task(self._work(event.contact_id))
                self._workers[event.contact_id] = worker
        if self.open > self._limit and not self._paused:
            self._paused = True
            self._pause()
        return {}

    def committable(self) -> Offsets:
        """What is done by now, in each partition."""
        return {
            partition: tracker.committable
            for partition, tracker in self._trackers.items()
            if tracker.committable is not None
        }

    async def drain(self) -> Offsets:
        """Let running work end (5 s at most), cancel the rest, and forget; what was cancelled comes again."""
        for contact, queue in self._queues.items():
            if contact in self._workers:
                while len(queue) > 1:
                    queue.pop()
        if self._workers:
            _, late = await asyncio.wait(self._workers.values(), timeout=_DRAIN_SECONDS)
            await end(late)
        offsets = self.committable()
        self._trackers.clear()
        self._queues.clear()
        self._workers.clear()
        self._paused = False
        return offsets

    async def _work(self, contact: str) -> None:
        queue = self._queues[contact]
        try:
            while queue:
                record, event = queue[0]
                await self._one(record, event)
                queue.popleft()
                tracker = self._trackers.get(TopicPartition(record.topic, record.partition))
                if tracker is not None:
                    tracker.finish(record.offset)
                self._processed.inc()
                self._progressed()
                if self._paused and self.open <= self._limit // 2:
                    self._paused = False
                    self._resume()
        except TooManyDeadLettersError as error:
            self._fatal = error
        finally:
            if self._workers.get(contact) is asyncio.current_task():
                del self._workers[contact]
                self._queues.pop(contact, None)

    async def _one(self, record: Any, event: Event) -> None:
        received = Received(event, datetime.fromtimestamp(record.timestamp / 1000, UTC))
        attempt = 0
        while True:
            try:
                await self._handle(received)
                self._sorter.succeeded()
                return
            except INFRASTRUCTURE as error:
                attempt += 1
                log.warning("event_retried", topic=record.topic, error=type(error).__name__, attempt=attempt)
                await asyncio.sleep(random.uniform(0.05, min(10.0, 0.1 * 2**attempt)))
            except Exception as fault:
                log.error("event_failed", topic=record.topic, error=type(fault).__name__, exc_info=fault)
                await self._publisher.bury([self._sorter.failed(record, fault)])
                return
