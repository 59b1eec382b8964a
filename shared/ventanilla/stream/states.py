"""States in memory, in two forms: those in use lately as objects, the others as the JSON of the store.

As objects a state takes some eight times as much memory as its JSON, and Python's search for garbage goes
through every one of them; to read its JSON again takes some microseconds.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from ventanilla.stream.cache import Cache
from ventanilla.stream.records import Encoded

S = TypeVar("S")

_IN_USE = 16_384
"""More than eight batches have keys."""


class Stored(NamedTuple):
    """What stands in the store for one key."""

    version: int
    state: str | None
    journal: str


@dataclass(slots=True)
class Entry(Generic[S]):
    """A key's state as last read or written here."""

    state: S | None = None
    version: int = 0
    applied: dict[str, int] = field(default_factory=dict)
    """The highest offset absorbed, by `topic:partition`."""
    outbox: list[Encoded] = field(default_factory=list)
    """What the last write emitted, when it was made here."""
    stored_outbox: list[tuple[str, Any]] = field(default_factory=list)
    """What the last write emitted, when it was read from the store: topic and value, encoded when needed."""
    fresh: bool = False
    """Whether `state` changed in this batch."""


class States(Generic[S]):
    """At most `limit` bytes of JSON, and those in use. More may be held between two calls of `trim`."""

    def __init__(self, limit: int, parse: Callable[[Stored], Entry[S]]) -> None:
        self._parse = parse
        self._stored: Cache[Stored] = Cache(limit)
        self._in_use: OrderedDict[str, Entry[S]] = OrderedDict()

    def get(self, key: str) -> Entry[S] | None:
        """To be used and changed in place; None when only the store can tell."""
        stored = self._stored.get(key)
        entry = self._in_use.get(key)
        if entry is not None:
            self._in_use.move_to_end(key)
        elif stored is not None:
            entry = self._in_use[key] = self._parse(stored)
        return entry

    def read(self, key: str, stored: Stored | None) -> Entry[S]:
        """What the store has; None is nothing yet."""
        if stored is None:
            entry: Entry[S] = Entry()
        else:
            entry = self._parse(stored)
            self.written(key, stored)
        self._in_use[key] = entry
        return entry

    def written(self, key: str, stored: Stored) -> None:
        """The store has taken this."""
        self._stored.put(key, stored, len(stored.state or "") + len(stored.journal))

    def drop(self, key: str) -> None:
        """The store may have something else."""
        self._stored.drop(key)
        self._in_use.pop(key, None)

    def clear(self) -> None:
        self._stored.clear()
        self._in_use.clear()

    def trim(self) -> None:
        """Down to the limits. What is not in the store yet must not be in use any more."""
        self._stored.trim()
        while len(self._in_use) > _IN_USE:
            self._in_use.popitem(last=False)
