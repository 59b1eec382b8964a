"""Batches for a handler that is idempotent: at least once, committed after it returns."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from ventanilla.contracts.event import Event
from ventanilla.observability import logger
from ventanilla.stream import metrics
from ventanilla.stream.consumer import Offsets, next_offsets
from ventanilla.stream.failures import INFRASTRUCTURE
from ventanilla.stream.letters import Sorter
from ventanilla.stream.publisher import Publisher

log = logger(__name__)

HandleBatch = Callable[[Sequence[Event]], Awaitable[None]]


class Batches:
    """Hands whole batches to `handle`.

    When one fails by its own fault, its events are tried one by one, and those that still fail become dead
    letters. A failure of an engine fails the whole batch, which is tried again.
    """

    def __init__(self, group: str, publisher: Publisher, sorter: Sorter, handle: HandleBatch) -> None:
        self._publisher = publisher
        self._sorter = sorter
        self._handle = handle
        self._processed = metrics.RECORDS.labels(group, "processed")

    async def process(self, records: list[Any]) -> Offsets:
        good, letters = self._sorter.events(records)
        try:
            if good:
                await self._handle([event for _, event in good])
                self._sorter.succeeded()
        except INFRASTRUCTURE:
            raise
        except Exception as error:
            log.warning("batch_split", error=type(error).__name__, records=len(good))
            for record, event in good:
                try:
                    await self._handle([event])
                    self._sorter.succeeded()
                except INFRASTRUCTURE:
                    raise
                except Exception as fault:
                    log.error("event_failed", topic=record.topic, error=type(fault).__name__, exc_info=fault)
                    letters.append(self._sorter.failed(record, fault))
        await self._publisher.bury(letters)
        self._processed.inc(len(good))
        return next_offsets(records)
