"""How often a password may be tried, for one account and from one address.

Attempts are counted in fixed windows, before the password is looked at, whether the account exists or not:
so parallel attempts count, and the answer tells nothing. A whole office may share one address, which is why
that limit is wide and a success gives its attempt back.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

WINDOW = timedelta(minutes=5)
LIMITS: dict[str, int] = {"account": 8, "address": 60}

Kind = Literal["account", "address"]


@dataclass(frozen=True)
class Bucket:
    """One counter: a name and the window that it counts in."""

    id: str
    limit: int
    ends_at: datetime

    def retry_after(self, now: datetime) -> int:
        """Whole seconds until it is empty again, at least one."""
        return max(1, -int((now - self.ends_at).total_seconds() // 1))


def bucket(kind: Kind, name: str, now: datetime) -> Bucket:
    """The counter of an account or an address at this moment."""
    length = int(WINDOW.total_seconds())
    number = int(now.timestamp()) // length
    ends_at = datetime.fromtimestamp((number + 1) * length, UTC)
    return Bucket(f"{kind}:{name}:{number}", LIMITS[kind], ends_at)


def refused(found: Bucket, attempts: int) -> bool:
    """Whether this attempt, the `attempts`-th of the window, is one too many."""
    return attempts > found.limit
