"""Sends webhooks to ingest, as the provider does: signed, and again until they are taken.

One phone's webhooks go one after the other, in order of their due times; those of different phones go at
once, many in one body. What is not answered with 200 comes again with growing pauses, alone, and holds
back only its own phone. A refusal that will not change (4xx) is given up after three attempts.
"""

import asyncio
import heapq
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from prometheus_client import Counter, Gauge

from sandbox.domain.webhooks import JsonObject, Number, webhook

WEBHOOKS = Counter("ventanilla_sandbox_webhooks_total", "Webhooks posted to ingest", ["result"])
PENDING = Gauge("ventanilla_sandbox_updates_pending", "Messages and statuses not yet taken by ingest")

_BODY = 100  # updates in one body
_AT_ONCE = 8  # bodies on their way
_PAUSES = (0.25, 60.0)  # seconds: the first one, the longest
_REFUSALS = 3

Post = Callable[[bytes], Awaitable[int]]
"""Posts a body to ingest. Returns the HTTP status, or 0 when ingest cannot be reached; never raises."""


@dataclass(order=True)
class Update:
    """A message or a status on its way. `told` hears the result of every attempt (an HTTP status or 0)."""

    due: float
    number: int
    business: Number = field(compare=False)
    value: JsonObject = field(compare=False)
    told: Callable[[int], None] = field(compare=False)


@dataclass
class _Lane:
    updates: list[Update] = field(default_factory=list)
    in_flight: bool = False
    attempts: int = 0
    not_before: float = 0.0

    @property
    def wakes(self) -> float:
        return max(self.updates[0].due, self.not_before)


class BacklogFullError(Exception):
    """Ingest has not taken what is on its way already."""


class Deliveries:
    """The queue and its sender. `run` it once, in the loop that calls the rest."""

    def __init__(self, post: Post, most: int) -> None:
        self._post = post
        self._most = most
        self._lanes: dict[str, _Lane] = {}
        self._wakes: list[tuple[float, str]] = []
        self._pending = 0
        self._numbers = 0
        self._news = asyncio.Event()
        self._posts: set[asyncio.Task[None]] = set()

    @property
    def pending(self) -> int:
        return self._pending

    def room_for(self, updates: int) -> bool:
        return self._pending + updates <= self._most

    def add(
        self, contact: str, business: Number, value: JsonObject, told: Callable[[int], None], after: float = 0
    ) -> None:
        """Send `value` in `after` seconds. Raises `BacklogFullError`."""
        if not self.room_for(1):
            raise BacklogFullError
        self._numbers += 1
        due = asyncio.get_running_loop().time() + after
        lane = self._lanes.setdefault(contact, _Lane())
        heapq.heappush(lane.updates, Update(due, self._numbers, business, value, told))
        self._count(1)
        self._wake(contact, lane)

    async def run(self) -> None:
        """Until cancelled; what is on its way then is given two seconds to end."""
        try:
            while True:
                self._news.clear()
                if len(self._posts) < _AT_ONCE and (batch := self._due()):
                    task = asyncio.create_task(self._send(batch))
                    self._posts.add(task)
                    task.add_done_callback(self._posts.discard)
                    continue
                await self._pause()
        finally:
            if self._posts:
                await asyncio.wait(self._posts, timeout=2)

    async def _pause(self) -> None:
        idle = None
        if self._wakes and len(self._posts) < _AT_ONCE:
            idle = max(self._wakes[0][0] - asyncio.get_running_loop().time(), 0.001)
        try:
            async with asyncio.timeout(idle):
                await self._news.wait()
        except TimeoutError:
            pass

    def _due(self) -> list[tuple[str, Update]]:
        """The first due update of every free lane, of one number; one alone when it failed before."""
        now = asyncio.get_running_loop().time()
        batch: list[tuple[str, Update]] = []
        while self._wakes and self._wakes[0][0] <= now and len(batch) < _BODY:
            contact = self._wakes[0][1]
            lane = self._lanes.get(contact)
            if lane is None or lane.in_flight or not lane.updates:
                heapq.heappop(self._wakes)
                continue
            if lane.wakes > now:
                heapq.heapreplace(self._wakes, (lane.wakes, contact))
                continue
            update = lane.updates[0]
            if batch and (lane.attempts or update.business != batch[0][1].business):
                break
            heapq.heappop(self._wakes)
            heapq.heappop(lane.updates)
            lane.in_flight = True
            batch.append((contact, update))
            if lane.attempts:
                break
        return batch

    async def _send(self, batch: list[tuple[str, Update]]) -> None:
        status = await self._post(webhook(batch[0][1].business, [update.value for _, update in batch]))
        WEBHOOKS.labels("taken" if status == 200 else "refused" if status else "unreachable").inc()
        for contact, update in batch:
            lane = self._lanes[contact]
            lane.in_flight = False
            if status == 200 or self._hopeless(status, lane):
                lane.attempts = 0
                self._count(-1)
            else:
                lane.attempts += 1
                first, longest = _PAUSES
                pause = min(longest, first * 2 ** (lane.attempts - 1)) * random.uniform(0.75, 1.25)
                lane.not_before = asyncio.get_running_loop().time() + pause
                heapq.heappush(lane.updates, update)
            if lane.updates:
                self._wake(contact, lane)
            else:
                del self._lanes[contact]
            update.told(status)

    @staticmethod
    def _hopeless(status: int, lane: _Lane) -> bool:
        return 400 <= status < 500 and status not in (408, 429) and lane.attempts + 1 >= _REFUSALS

    def _wake(self, contact: str, lane: _Lane) -> None:
        if not lane.in_flight:
            heapq.heappush(self._wakes, (lane.wakes, contact))
        self._news.set()

    def _count(self, change: int) -> None:
        self._pending += change
        PENDING.set(self._pending)
