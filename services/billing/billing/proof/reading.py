"""Exports of `channel.message.status.v1`: JSON Lines, or Parquet with the same columns.

An export may hold `contact.linked.v1` values too, among the statuses: two ids that became one person are
metered as one. And those of `channel.message.echoed.v1`: their messages do not count. A line that cannot be
read is a value like the others, with its number and its reason.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import ValidationError

from ventanilla.contracts.channel import EchoedMessage, MessageStatus
from ventanilla.contracts.conversation import ContactLinked

LONGEST_LINE = 1_000_000
"""Bytes. Kafka's own limit for a record; a longer line is none of ours and is not held in memory."""
PARQUET_MAGIC = b"PAR1"

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Beyond these a clock is broken, and the calendar of a time zone soon ends."""


class ExportError(Exception):
    """The file as a whole cannot be read. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that says nothing. `detail` holds no part of its content."""

    reason: str
    detail: str


Item = MessageStatus | ContactLinked | EchoedMessage | Unreadable
Line = tuple[int, Item]
"""Numbered from 1; in Parquet the number of the row."""


def read_export(path: Path) -> Iterator[Line]:
    """Every line, in the file's order, one at a time in memory. Raises `ExportError`."""
    try:
        with path.open("rb") as file:
            parquet = file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC
            file.seek(0)
            yield from _parquet_rows(path) if parquet else _json_lines(file)
    except OSError as error:
        raise ExportError(f"{path}: cannot be read ({error.strerror}); give the path of an export") from None


def _json_lines(file: BinaryIO) -> Iterator[Line]:
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            while not line.endswith(b"\n") and (line := file.readline(LONGEST_LINE)):
                pass
            yield number, Unreadable("too_long", f"more than {LONGEST_LINE} bytes")
        elif not line.strip():
            yield number, Unreadable("blank", "an empty line")
        else:
            yield number, _item(line)


def _item(line: bytes) -> Item:
    try:
        return _in_range(MessageStatus.model_validate_json(line))
    except ValidationError as error:
        for other in (ContactLinked, EchoedMessage):
            with suppress(ValidationError):
                return other.model_validate_json(line)
        return _unreadable(error)


def _parquet_rows(path: Path) -> Iterator[Line]:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise ExportError(
            f"{path}: Parquet needs pyarrow: install ventanilla-billing[parquet], or give JSON Lines"
        ) from None
    try:
        with ParquetFile(path) as table:
            number = 0
            for batch in table.iter_batches(batch_size=2_000):
                for row in _values(batch):
                    number += 1
                    yield number, row if isinstance(row, Unreadable) else _row(row)
    except ArrowException as error:
        raise ExportError(
            f"{path}: not a whole Parquet file ({type(error).__name__}); export it again"
        ) from None


def _values(batch: Any) -> Iterator[dict[str, Any] | Unreadable]:
    """The rows of a batch; one that holds a time outside Python's calendar does not take the others along."""
    try:
        yield from batch.to_pylist()
    except (OverflowError, ValueError):
        for place in range(batch.num_rows):
            try:
                yield batch.slice(place, 1).to_pylist()[0]
            except (OverflowError, ValueError):
                yield Unreadable("impossible_time", "a time that no calendar has")


def _row(row: dict[str, Any]) -> Item:
    """Parquet has every column in every row, empty ones as None, which JSON leaves away."""
    present = {name: value for name, value in row.items() if value is not None}
    kind: type[ContactLinked | EchoedMessage | MessageStatus] = MessageStatus
    if "alias_id" in present or "content" in present:
        kind = ContactLinked if "alias_id" in present else EchoedMessage
    try:
        # Through JSON's rules, so that both forms of an export are read alike.
        item = kind.model_validate_json(json.dumps(present, default=_text))
    except (ValidationError, TypeError) as error:
        return _unreadable(error)
    return _in_range(item) if isinstance(item, MessageStatus) else item


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"no column holds a {type(value).__name__}")


def _in_range(status: MessageStatus) -> Item:
    if _EARLIEST <= status.occurred_at < _LATEST:
        return status
    return Unreadable("impossible_time", "occurred_at is outside 2000 to 2199")


def _unreadable(error: ValidationError | TypeError) -> Unreadable:
    if isinstance(error, TypeError):
        return Unreadable("not_a_status", str(error))
    problems = error.errors(include_input=False, include_url=False, include_context=False)
    if problems[0]["type"] == "json_invalid":
        return Unreadable("not_json", "not a JSON value")
    places = (
        f"{'.'.join(str(step) for step in one['loc']) or 'the line'}: {one['type']}" for one in problems[:3]
    )
    return Unreadable("not_a_status", "; ".join(places))
