"""How long somebody stays logged in."""

from datetime import datetime, timedelta

IDLE = timedelta(hours=2)
"""Without a deed of the person (reading what was pushed is none), the session ends."""

ABSOLUTE = timedelta(hours=12)
"""No session outlives a working day."""

TOUCH_EVERY = timedelta(minutes=1)
"""A session's last deed is written down at most this often."""


def alive(created_at: datetime, last_deed_at: datetime, now: datetime) -> bool:
    return now - created_at < ABSOLUTE and now - last_deed_at < IDLE
