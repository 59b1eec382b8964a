"""Metered sessions, worked out a second time: from the provider's own report, by the rule in plain words.

A session opens at the first delivered message and lasts 24 hours, its end excluded; the first message after
it opens the next (agreement 65-CNR/2023, point X). It shares no code with the service that meters.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

SESSION = timedelta(hours=24)


def sessions(delivered: Iterable[datetime]) -> list[tuple[datetime, int]]:
    """When each session opened, and how many messages it has."""
    found: list[tuple[datetime, int]] = []
    for moment in sorted(delivered):
        if found and moment < found[-1][0] + SESSION:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((moment, 1))
    return found


def percentile(values: Iterable[float], share: float) -> float:
    """The nearest-rank percentile; 0 of nothing."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]
