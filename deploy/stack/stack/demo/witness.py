"""Reads the topics like any stranger would, from now on, and remembers what it needs to follow a run.

It is no consumer group: it commits nothing and takes no partition from anybody.
"""

import asyncio
from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, TopicPartition

from stack.demo.seen import Seen
from ventanilla.topics import (
    AGENT_QUEUED,
    BOT_ANSWERED,
    LIFECYCLE,
    OUTBOUND,
    RECEIVED,
    SESSION,
    STATUS,
    dead_letter_topics,
)

_TOPICS = {
    topic.name: topic
    for topic in (RECEIVED, BOT_ANSWERED, AGENT_QUEUED, OUTBOUND, LIFECYCLE, STATUS, SESSION)
}
_PAUSE = 0.02  # seconds


class Witness:
    """Runs from `start` to `stop`; `until` waits for something to have been seen."""

    def __init__(self, bootstrap: str) -> None:
        self._consumer = AIOKafkaConsumer(
            *_TOPICS,
            *dead_letter_topics(),
            bootstrap_servers=bootstrap,
            enable_auto_commit=False,
            max_partition_fetch_bytes=4 << 20,
        )
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._letters: dict[TopicPartition, int] = {}
        self.seen = Seen()

    async def start(self) -> None:
        """Returns when everything that is written from now on will be seen."""
        await self._consumer.start()  # without a group, it has every partition from here on
        letters = [one for one in self._consumer.assignment() if one.topic not in _TOPICS]
        partitions = [one for one in self._consumer.assignment() if one.topic in _TOPICS]
        self._letters = await self._consumer.end_offsets(letters)
        self._consumer.pause(*letters)  # they are counted, never read
        await self._consumer.seek_to_end(*partitions)
        for partition in partitions:
            await self._consumer.position(partition)
        self._task = asyncio.create_task(self._read())

    async def dead_letters(self) -> int:
        """How many were written since the start, of any service."""
        ends = await self._consumer.end_offsets(list(self._letters))
        written: int = sum(ends.values()) - sum(self._letters.values())
        return written

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._consumer.stop()

    async def until(self, found: Callable[[Seen], bool], seconds: float) -> bool:
        """Whether `found` came true within `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                while not found(self.seen):
                    if self._task is not None and self._task.done():
                        self._task.result()
                    await self._news.wait()
        except TimeoutError:
            return False
        return True

    async def _read(self) -> None:
        try:
            while True:
                for partition, records in (await self._consumer.getmany(timeout_ms=200)).items():
                    kind = _TOPICS[partition.topic].event
                    for record in records:
                        self.seen.note(kind.model_validate_json(record.value))
                self._wake()
                await asyncio.sleep(_PAUSE)  # so that the next fetch brings many records
        finally:
            self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
