"""How much one visitor, one connection and one address may send. Pure: the clock is the caller's.

Token buckets: `burst` at once, then `per_second` over time. An address may be a whole town behind one
carrier's gateway, so its buckets are wide: they stop a machine, not a waiting room.
"""

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    burst: float
    per_second: float


@dataclass(frozen=True)
class Limits:
    """One process's limits; each replica counts for itself."""

    visitor_messages: Rate = Rate(burst=12, per_second=0.5)
    connection_frames: Rate = Rate(burst=120, per_second=20)
    address_messages: Rate = Rate(burst=200, per_second=40)
    address_connections: Rate = Rate(burst=200, per_second=20)
    """New connections."""
    connections_per_visitor: int = 5
    connections_per_address: int = 500
    """Open at the same time."""
    connections: int = 5_000
    """Open at the same time in this process, from everywhere."""
    refusals: int = 20
    """So many refused frames on one connection end it."""
    hello_seconds: float = 10.0


class Bucket:
    """One bucket. `now` is monotonic, in seconds; an earlier `now` than before counts as no time passed."""

    __slots__ = ("_level", "_rate", "_since")

    def __init__(self, rate: Rate, now: float) -> None:
        self._rate = rate
        self._level = rate.burst
        self._since = now

    def wait(self, now: float) -> float:
        """Takes one and returns 0.0, or takes nothing and returns the seconds until there is one."""
        elapsed = max(0.0, now - self._since)
        self._level = min(self._rate.burst, self._level + elapsed * self._rate.per_second)
        self._since = max(now, self._since)
        if self._level < 1:
            return (1 - self._level) / self._rate.per_second
        self._level -= 1
        return 0.0


class Buckets:
    """A bucket for each key, `capacity` of them at most: the one used longest ago is forgotten first."""

    def __init__(self, rate: Rate, capacity: int = 20_000) -> None:
        self._rate = rate
        self._capacity = capacity
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def wait(self, key: str, now: float) -> float:
        """As `Bucket.wait`, for `key`."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(self._rate, now)
            if len(self._buckets) > self._capacity:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(key)
        return bucket.wait(now)

    def __len__(self) -> int:
        return len(self._buckets)
