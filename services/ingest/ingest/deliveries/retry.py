"""When to try again: exponential backoff with full jitter, and the provider's own wish above it. Pure.

Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015; RFC 9110, Retry-After.
"""

from dataclasses import dataclass
from datetime import timedelta

_FIRST_SECONDS = 0.5


@dataclass(frozen=True)
class RetryPolicy:
    """From the institution's file: how long we try in all, and the longest pause that we choose ourselves."""

    give_up_after: timedelta
    max_backoff: timedelta

    def pause(self, failures: int, wish: float | None, chance: float, elapsed: float) -> float | None:
        """Seconds to wait after so many failures (from 1), or None to give up.

        `wish` is the provider's Retry-After, never undercut; `chance` is random in [0, 1); `elapsed` is the
        seconds since the first try.
        """
        ceiling = min(self.max_backoff.total_seconds(), _FIRST_SECONDS * 2.0 ** min(failures - 1, 30))
        wait = max(ceiling * chance, wish or 0.0)
        return wait if elapsed + wait < self.give_up_after.total_seconds() else None
