"""Announces deadlines that passed while nothing happened, so that a silent conversation ends or moves too.

The announcement is an event like any other, and the decision is made where all are made. Its time is the
deadline itself, not the moment of the sweep: so what is decided does not depend on when the sweeper came by,
and is the same as when the contact's next event had come first (see `router.domain.timers`). Its id derives
from conversation and deadline, so several replicas may sweep at once.
"""

import asyncio
from datetime import datetime, timedelta

from router.domain.state import RouterState
from router.metrics import TIMERS
from router.store import Deadlines
from ventanilla.clock import utc_now
from ventanilla.contracts.conversation import ConversationTimer
from ventanilla.contracts.event import derived_id
from ventanilla.observability import logger
from ventanilla.store import StoreError
from ventanilla.stream import Output, Stream, StreamUnavailableError
from ventanilla.topics import TIMER

log = logger(__name__)

EVERY = timedelta(seconds=5)
PATIENCE = timedelta(seconds=30)
"""How long a passed deadline is watched before it is announced. After an outage the topics hold messages and
answers that were in time: the router gets the chance to read them first."""
PAGE = 2_000
"""Deadlines announced at most in one sweep, for bounded memory."""


class Sweeper:
    """One replica's sweeps. `every` and `patience` are real time."""

    def __init__(
        self,
        deadlines: Deadlines,
        stream: Stream,
        *,
        every: timedelta = EVERY,
        patience: timedelta = PATIENCE,
    ) -> None:
        self._deadlines = deadlines
        self._stream = stream
        self._every = every
        self._patience = patience
        self._watched: dict[tuple[str, datetime], datetime] = {}
        """Since when each passed deadline of the last sweep has been seen."""

    async def run(self) -> None:
        """Sweep until cancelled. While an engine does not answer, the next sweep tries again."""
        while True:
            await asyncio.sleep(self._every.total_seconds())
            try:
                await self.sweep(utc_now())
            except (StoreError, StreamUnavailableError) as error:
                log.warning("sweep_failed", error=type(error).__name__)

    async def sweep(self, now: datetime) -> int:
        """Announce what has been due long enough; returns how many. Raises `StoreError` or
        `StreamUnavailableError`."""
        watched: dict[tuple[str, datetime], datetime] = {}
        due: list[Output] = []
        async for contact_id, state in self._deadlines.passed(now, PAGE):
            if state.due_at is None:
                continue
            key = (contact_id, state.due_at)
            watched[key] = self._watched.get(key, now)
            if now - watched[key] >= self._patience and (timer := _timer(contact_id, state)):
                due.append((TIMER, timer))
        self._watched = watched
        if due:
            await self._stream.publish(*due)
            TIMERS.inc(len(due))
            log.info("deadlines_passed", count=len(due))
        return len(due)


def _timer(contact_id: str, state: RouterState) -> ConversationTimer | None:
    if state.conversation is None or state.due_at is None:
        return None
    return ConversationTimer(
        id=derived_id("timer", state.conversation.id, state.due_at.isoformat()),
        occurred_at=state.due_at,
        contact_id=contact_id,
        correlation_id=state.conversation.id,
        conversation_id=state.conversation.id,
        due_at=state.due_at,
    )
