"""When a month closes, and what then comes too late for it.

Months are `YYYY-MM` by the institution's calendar. One closes a settling time after the last session that
opened in it has ended: at its end, and 24 hours, and the settling time. A status is too late when it could
touch a session of a closed month: when its message was delivered before 24 hours into the month after. So
every status has the settling time at least, and the sessions of a month stand for good from its close on.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from billing.domain.sessions import LENGTH
from billing.plans.months import months_later


def month_of(moment: datetime, zone: ZoneInfo) -> str:
    """The month in which an aware `moment` lies."""
    return f"{moment.astimezone(zone):%Y-%m}"


def begins_at(month: str, zone: ZoneInfo) -> datetime:
    """The first moment of a month, in UTC. Raises `ValueError` outside the years 1 to 9999."""
    return datetime(int(month[:4]), int(month[5:]), 1, tzinfo=zone).astimezone(UTC)


def closes_at(month: str, zone: ZoneInfo, settling: timedelta) -> datetime:
    """From when on, in UTC, nothing edits a session that opened in `month`."""
    return begins_at(months_later(month, 1), zone) + LENGTH + settling


def too_late(at: datetime, came_at: datetime, zone: ZoneInfo, settling: timedelta) -> bool:
    """Whether what was delivered at `at` could touch a month that was closed when it came."""
    if came_at < at + settling:
        return False  # a month closes later than that; said first, because the calendar costs more
    return at < closed_until(came_at, zone, settling)


def closed_until(came_at: datetime, zone: ZoneInfo, settling: timedelta) -> datetime:
    """What was delivered before this, in UTC, is too late when its status comes at `came_at`."""
    return begins_at(first_open_month(came_at, zone, settling), zone) + LENGTH


def first_open_month(now: datetime, zone: ZoneInfo, settling: timedelta) -> str:
    """The earliest month that has not closed; it may be over."""
    return month_of(now - settling - LENGTH, zone)
