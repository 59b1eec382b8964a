"""Reading one item of a webhook, or saying why it makes no sense. Pure."""

from datetime import UTC, datetime
from typing import Any

from msgspec import DecodeError
from msgspec.json import decode

MAX_ITEM = 800_000
"""Bytes of one item. Kafka's own limit is 1 MiB a record, and no message of Meta's comes near."""

MAX_DEPTH = 100
"""Levels of lists and objects in what is kept as it came. Readers of our topics give up at 200 or so."""

UNREADABLE = (DecodeError, RecursionError)
"""What a decoder raises. Its words say where and why, by our own field names and types, without a value."""


class RefusedError(Exception):
    """This one item makes no sense."""

    def __init__(self, reason: str, error: str) -> None:
        super().__init__(error)
        self.reason = reason
        self.error = error


def check(item: bytes) -> None:
    """Raises `RefusedError` for an item that no event can hold, and what is `UNREADABLE`."""
    if len(item) > MAX_ITEM:
        raise RefusedError("too_large", f"it has more than {MAX_ITEM} bytes")
    if item.count(b"{") + item.count(b"[") > MAX_DEPTH and too_deep(decode(item)):
        raise RefusedError("too_deep", f"it has more than {MAX_DEPTH} levels")


def too_deep(value: Any) -> bool:
    """Whether what was read from JSON has more than `MAX_DEPTH` levels."""
    layer, levels = [value], 0
    while layer := [one for one in layer if isinstance(one, (dict, list))]:
        layer = [inner for one in layer for inner in (one.values() if isinstance(one, dict) else one)]
        levels += 1
    return levels > MAX_DEPTH


def moment(timestamp: Any) -> datetime:
    """Unix seconds, which Meta writes as text, to UTC. Raises `RefusedError`."""
    if type(timestamp) in (str, int):
        text = str(timestamp).strip()
        if text.isascii() and text.isdigit():
            try:
                return datetime.fromtimestamp(int(text), UTC)
            except (ValueError, OverflowError, OSError):
                pass
    raise RefusedError("bad_timestamp", "the timestamp is not a time in Unix seconds")
