"""Announces that the time of held statuses has come, so that they count without their contact's next event.

The announcement is an event like any other, and the meter decides, by its own clock. Its id derives from the
contact and the time, so several processes may sweep at once; it is said again at each sweep until the meter
has let go of what it held.
"""

import asyncio
from datetime import datetime, timedelta

from billing.store import Meters
from billing.store.meters import Due
from ventanilla.clock import utc_now
from ventanilla.contracts.billing import MeterDue
from ventanilla.contracts.event import derived_id
from ventanilla.observability import logger
from ventanilla.store import StoreError
from ventanilla.stream import Stream, StreamUnavailableError
from ventanilla.topics import METER_DUE

log = logger(__name__)

EVERY = timedelta(seconds=5)
PAGE = 2_000
"""Meters announced at most in one sweep, for bounded memory."""


class Sweeper:
    """One process's sweeps, `every` so often."""

    def __init__(self, meters: Meters, stream: Stream, *, every: timedelta = EVERY) -> None:
        self._meters = meters
        self._stream = stream
        self._every = every

    async def run(self) -> None:
        """Sweep until cancelled. While an engine does not answer, the next sweep tries again."""
        while True:
            await asyncio.sleep(self._every.total_seconds())
            try:
                await self.sweep(utc_now())
            except (StoreError, StreamUnavailableError) as error:
                log.warning("sweep_failed", error=type(error).__name__)

    async def sweep(self, now: datetime) -> int:
        """Announce what is due; returns how many. Raises `StoreError` or `StreamUnavailableError`."""
        due = [_event(one) async for one in self._meters.due(now, PAGE)]
        if due:
            await self._stream.publish(*((METER_DUE, event) for event in due))
            log.info("held_statuses_due", meters=len(due))
        return len(due)


def _event(due: Due) -> MeterDue:
    identity = derived_id("meter-due", due.contact_id, due.due_at.isoformat())
    return MeterDue(
        id=identity,
        occurred_at=due.due_at,
        contact_id=due.contact_id,
        correlation_id=identity,
        channel=due.channel,
        account=due.account,
        due_at=due.due_at,
    )
