"""What happened on the phones, in order, for pages and programs that watch."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Happening:
    """`kind`: message (arrived), status (of one that arrived), written (by the phone), receipt, typing."""

    number: int
    kind: str
    contact: str
    account: str
    data: dict[str, Any]


class Journal:
    """The last happenings. A watcher too slow for it is told that it missed some."""

    def __init__(self, keep: int) -> None:
        self._kept: deque[Happening] = deque(maxlen=keep)
        self._last = 0
        self._news = asyncio.Event()

    @property
    def last(self) -> int:
        """The number of the newest happening; 0 when there is none."""
        return self._last

    def add(self, kind: str, contact: str, account: str, data: dict[str, Any]) -> None:
        self._last += 1
        self._kept.append(Happening(self._last, kind, contact, account, data))
        self._news.set()
        self._news = asyncio.Event()

    async def watch(
        self, after: int, wanted: Callable[[Happening], bool], idle: float
    ) -> AsyncIterator[list[Happening] | None]:
        """What comes after number `after`, a list at a time; an empty one after `idle` seconds of quiet.

        None says that some are gone: the watcher must read the state anew. Never ends by itself.
        """
        while True:
            news = self._news
            if after > self._last or (self._kept and after < self._kept[0].number - 1):
                after = self._last
                yield None
            fresh = self._after(after)
            after = self._last
            if found := [happening for happening in fresh if wanted(happening)]:
                yield found
                continue
            try:
                async with asyncio.timeout(idle):
                    await news.wait()
            except TimeoutError:
                yield []

    def _after(self, number: int) -> list[Happening]:
        count = min(self._last - number, len(self._kept))
        newest = reversed(self._kept)
        return [next(newest) for _ in range(count)][::-1]
