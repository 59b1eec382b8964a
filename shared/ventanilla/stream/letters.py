"""Sorting a batch: what can be decoded, and what becomes a dead letter."""

from collections.abc import Mapping, Sequence
from typing import Any

from ventanilla.contracts.event import Event
from ventanilla.dead_letters import DeadLetter
from ventanilla.observability import redact, said
from ventanilla.stream import metrics
from ventanilla.stream.failures import TooManyDeadLettersError
from ventanilla.stream.records import UndecodableError, decode


class Sorter:
    """Decodes records, and counts dead letters in a row.

    `limit` in a row, with none processed between them, raise `TooManyDeadLettersError`: a bad deploy must
    not drain a topic into its dead letters.
    """

    def __init__(self, service: str, group: str, kinds: Mapping[str, type[Event]], limit: int = 100) -> None:
        self._service = service
        self._kinds = kinds
        self._limit = limit
        self._in_a_row = 0
        self._count = metrics.RECORDS.labels(group, "dead_letter")

    def events(self, records: Sequence[Any]) -> tuple[list[tuple[Any, Event]], list[DeadLetter]]:
        """Each good record with its event, in order; and a letter for each bad one."""
        good: list[tuple[Any, Event]] = []
        letters: list[DeadLetter] = []
        for record in records:
            try:
                good.append((record, decode(record, self._kinds)))
            except UndecodableError as error:
                letters.append(self.letter(record, "undecodable", str(error)))
        return good, letters

    def succeeded(self) -> None:
        """A record was processed: the row of dead letters is broken."""
        self._in_a_row = 0

    def failed(self, record: Any, fault: Exception) -> DeadLetter:
        """For one whose handler raised. Raises `TooManyDeadLettersError` at the limit."""
        return self.letter(record, "handler_error", f"{type(fault).__name__}: {said(fault)}")

    def letter(self, record: Any, reason: str, error: str) -> DeadLetter:
        """A letter for one consumed record. Raises `TooManyDeadLettersError` at the limit."""
        self._in_a_row += 1
        if self._in_a_row > self._limit:
            raise TooManyDeadLettersError(f"{self._in_a_row} dead letters in a row, the last one: {reason}")
        self._count.inc()
        return DeadLetter(
            topic=record.topic,
            service=self._service,
            reason=reason,
            error=redact(error),
            partition=record.partition,
            offset=record.offset,
            attempt=1,
            key=record.key,
            value=record.value,
            original_headers=tuple((name, raw or b"") for name, raw in record.headers),
        )
