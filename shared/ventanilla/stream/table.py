"""A small topic that every process of a service keeps in its hands whole.

Read from its beginning in no consumer group, before the service begins to work, and followed from then on. So
each process knows all of it, and nothing is committed or kept anywhere else.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from aiokafka.errors import KafkaError

from ventanilla.contracts.event import Event
from ventanilla.observability import logger
from ventanilla.stream import metrics
from ventanilla.stream.failures import StreamUnavailableError
from ventanilla.stream.records import UndecodableError, decode
from ventanilla.stream.whole import reader, to_its_end
from ventanilla.tasks import end
from ventanilla.topics import Topic

log = logger(__name__)

Take = Callable[[Event], None]
"""Takes one event in; idempotent, because a topic is read again after a failure. It does no I/O."""

_START_SECONDS = 30.0
_AGAIN_SECONDS = 2.0
_WAIT_MS = 1_000


class Table:
    """Follows one topic. What cannot be decoded is skipped and counted: nobody else would mend it here."""

    def __init__(self, service: str, bootstrap: str, topic: Topic, take: Take) -> None:
        self._service = service
        self._bootstrap = bootstrap
        self._topic = topic
        self._take = take
        self._kinds = {topic.name: topic.event}
        self._task: asyncio.Task[None] | None = None
        self._whole = asyncio.Event()
        name = f"{service}.table.{topic.name}"
        self._taken = metrics.RECORDS.labels(name, "processed")
        self._skipped = metrics.RECORDS.labels(name, "undecodable")

    async def start(self) -> None:
        """Returns when everything that stood on the topic was taken in. Raises `StreamUnavailableError`."""
        self._task = asyncio.create_task(self._follow())
        try:
            async with asyncio.timeout(_START_SECONDS):
                await self._whole.wait()
        except TimeoutError:
            await self.stop()
            raise StreamUnavailableError(f"{self._topic.name} cannot be read whole") from None

    async def stop(self) -> None:
        if self._task is not None:
            await end([self._task])
            self._task = None

    def problem(self) -> str | None:
        """Why what is known may be old, or None."""
        return None if self._whole.is_set() else f"{self._topic.name}: not read whole"

    async def _follow(self) -> None:
        """For ever; after a failure, from the beginning again."""
        while True:
            try:
                async with reader(self._service, self._bootstrap, self._topic) as consumer:
                    async for record in to_its_end(consumer):
                        self._take_in(record)
                    self._whole.set()
                    while True:
                        for records in (await consumer.getmany(timeout_ms=_WAIT_MS)).values():
                            for record in records:
                                self._take_in(record)
            except (KafkaError, OSError) as error:
                self._whole.clear()
                log.warning("table_lost", topic=self._topic.name, error=type(error).__name__)
                await asyncio.sleep(_AGAIN_SECONDS)

    def _take_in(self, record: Any) -> None:
        try:
            event = decode(record, self._kinds)
        except UndecodableError as error:
            self._skipped.inc()
            log.warning("table_skips", topic=record.topic, offset=record.offset, error=str(error))
            return
        self._take(event)
        self._taken.inc()
