"""Now, as an account sees it.

A live account lives by the wall clock. A replay account (`replay: true` in the institution's file) plays a
recorded day through the real services: there, now is the recorded time of the event in hand plus the time
it has been in our hands. Nothing else in the system knows that a replay exists.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def utc_now() -> datetime:
    """The machine's time, aware, in UTC. The only place that reads it for a decision at an edge."""
    return datetime.now(UTC)


def account_now(
    *, replay: bool, event_time: datetime, seen_at: datetime, wall: Callable[[], datetime] = utc_now
) -> datetime:
    """Now for an account, given an event of it that was seen at `seen_at` by the wall clock (all UTC)."""
    now = wall()
    return event_time + max(now - seen_at, timedelta()) if replay else now
