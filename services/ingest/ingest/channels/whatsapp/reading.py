"""Reading one item of a webhook, or saying why it makes no sense. Pure."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from msgspec import DecodeError, Raw
from msgspec.json import decode

T = TypeVar("T")
Json = TypeVar("Json", Raw, bytes)

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


def validated(read: Callable[[Json], T], raw: Json, reason: str = "bad_content") -> T:
    """Raises `RefusedError` where `read`, a decoder's, cannot read `raw`."""
    try:
        return read(raw)
    except UNREADABLE as error:
        raise RefusedError(reason, str(error)) from None


def too_deep(text: bytes) -> bool:
    """Whether JSON has more than `MAX_DEPTH` levels. Raises what is `UNREADABLE`."""
    if text.count(b"{") + text.count(b"[") <= MAX_DEPTH:
        return False
    layer, levels = [decode(text)], 0
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
