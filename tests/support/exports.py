"""Exports of statuses as files, for tests."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from ventanilla.contracts.event import Event

ZONE_NAME = "America/El_Salvador"
LATER = datetime(2030, 1, 1, tzinfo=UTC)
"""A time after everything that tests export."""


def json_lines(events: Iterable[Event]) -> bytes:
    """The values of a topic, one a line, as they stand on it."""
    return b"".join(event.model_dump_json(exclude_none=True).encode() + b"\n" for event in events)


def export_file(folder: Path, events: Iterable[Event], name: str = "statuses.jsonl") -> Path:
    """Those lines as a file."""
    path = folder / name
    path.write_bytes(json_lines(events))
    return path
