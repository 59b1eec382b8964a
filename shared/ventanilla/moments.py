"""Times as documents hold them: whole microseconds since 1970, UTC.

A number sorts and compares as time does, is exact, and is the same in every engine. Dates are not: they have
milliseconds, and not every engine keeps their type through an update (docs/decisions/0008).
"""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def written(moment: datetime) -> int:
    """`moment` is aware."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def read(microseconds: int) -> datetime:
    """In UTC. Raises `ValueError` for what is no time in the years 1 to 9999."""
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        raise ValueError("no time between the years 1 and 9999") from None
