"""The rule: which 24-hour sessions a set of delivered messages makes.

Source: the customer's document (agreement 65-CNR/2023, point X): every conversation is measured in sessions
of 24 hours, which begin when the business delivers its first message. For one account and contact, in time
order: the first delivered message opens [t, t + 24 h); a message inside belongs to it; the first at or after
its end opens the next. The result depends on the set alone, never on the order in which they became known.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

LENGTH = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Session:
    """One window, half open: [opened_at, opened_at + 24 h), in UTC."""

    opened_at: datetime
    messages: int

    @property
    def closes_at(self) -> datetime:
        return self.opened_at + LENGTH

    def month(self, zone: ZoneInfo) -> str:
        """`YYYY-MM`, where it opened, by the institution's calendar."""
        return f"{self.opened_at.astimezone(zone):%Y-%m}"


def sessions(delivered: Iterable[datetime]) -> list[Session]:
    """The sessions of these delivery times, in order. O(n log n)."""
    found: list[Session] = []
    opened, count = datetime.min.replace(tzinfo=UTC), 0
    for moment in sorted(delivered):
        if count and moment < opened + LENGTH:
            count += 1
            continue
        if count:
            found.append(Session(opened, count))
        opened, count = moment, 1
    if count:
        found.append(Session(opened, count))
    return found
