"""Which events a contact has already had, so that a repeat does nothing.

Providers deliver the same message again for up to 7 days, and services may publish an event twice. Kept by
day of event time, for 8 days, as short digests in one string a day: `{"739580": "<11 characters> ..."}`.
"""

from base64 import urlsafe_b64encode
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b

DAYS = 8
LIMIT = 2_000
"""At most so many ids a contact (24 KB); beyond it the oldest are forgotten first."""

_WIDTH = 12


@lru_cache(maxsize=8)  # an event is looked up and then remembered
def digest(event_id: str) -> str:
    """64 bits of the id, in 11 characters. Two ids of one contact meet by chance once in 10^13 contacts."""
    return urlsafe_b64encode(blake2b(event_id.encode(), digest_size=8).digest())[:-1].decode()


def knows(seen: dict[str, str], event_id: str) -> bool:
    """Whether `remember` was called with this id within the days kept."""
    wanted = digest(event_id)
    return any(wanted in digests for digests in seen.values())


def remember(seen: dict[str, str], event_id: str, at: datetime) -> dict[str, str]:
    """`seen` with one id more, and without what is too old or too much."""
    today = at.toordinal()
    kept = {day: digests for day, digests in seen.items() if today - int(day) <= DAYS}
    kept[str(today)] = f"{kept.get(str(today), '')}{digest(event_id)} "
    return _within_limit(kept)


def joined(one: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    """What either knows: two contacts were one person."""
    days = sorted({*one, *other}, key=int)
    return _within_limit({day: one.get(day, "") + other.get(day, "") for day in days})


def _within_limit(seen: dict[str, str]) -> dict[str, str]:
    excess = sum(map(len, seen.values())) - LIMIT * _WIDTH
    for day in sorted(seen, key=int) if excess > 0 else ():
        cut = min(excess, len(seen[day]))
        seen[day] = seen[day][cut:]
        excess -= cut
    return seen
