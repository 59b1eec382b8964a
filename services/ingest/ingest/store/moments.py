"""Times as documents hold them: ISO 8601 in UTC to the millisecond, as text of one length.

Text sorts and compares as time does, and every engine keeps it; a date does not survive an update in all.
"""

from datetime import UTC, datetime


def written(moment: datetime) -> str:
    """`moment` is aware."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def read(text: str) -> datetime:
    return datetime.fromisoformat(text)
