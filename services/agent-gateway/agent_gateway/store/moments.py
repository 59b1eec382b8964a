"""Times as documents hold them: ISO 8601 in UTC to the microsecond, as text of one length.

Text sorts and compares as time does. A date would not do: not every engine keeps its type through an update.
"""

from datetime import UTC, datetime


def written(moment: datetime) -> str:
    """`moment` is aware."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def read(text: str) -> datetime:
    return datetime.fromisoformat(text)
