"""Things in memory, bounded by their size: what was used longest ago goes first."""

from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")

_EVEN_EMPTY = 300
"""Bytes that an entry takes beside its text."""


class Cache(Generic[V]):
    """`size` is of an entry's text, in bytes.

    More than `limit` may be held between two calls of `trim`: a batch's entries are all needed until it ends.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: OrderedDict[str, V] = OrderedDict()
        self._sizes: dict[str, int] = {}
        self.size = 0

    def get(self, key: str) -> V | None:
        """And now it is the last one to go."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def put(self, key: str, entry: V, size: int) -> None:
        """In place of what was there."""
        self._entries[key] = entry
        size += _EVEN_EMPTY
        self.size += size - self._sizes.get(key, 0)
        self._sizes[key] = size

    def drop(self, key: str) -> None:
        """Does nothing for what is not there."""
        self._entries.pop(key, None)
        self.size -= self._sizes.pop(key, 0)

    def clear(self) -> None:
        self._entries.clear()
        self._sizes.clear()
        self.size = 0

    def trim(self) -> None:
        """Down to the limit."""
        while self.size > self._limit and self._entries:
            self.drop(next(iter(self._entries)))

    def __len__(self) -> int:
        return len(self._entries)
