"""What became of a message that may have several parts."""

from collections.abc import Iterable

from ventanilla.contracts.channel import DeliveryStatus

PENDING = "pending"
"""No status came yet."""

FAILURES = frozenset({DeliveryStatus.FAILED, DeliveryStatus.REFUSED})


def overall(statuses: Iterable[DeliveryStatus], parts: int) -> str:
    """One word for the whole: a failure of any part, else the least advanced part's status.

    `parts` is how many there are; a part without a status is pending.
    """
    known = list(statuses)
    failures = [status for status in known if status in FAILURES]
    if failures:
        return failures[0]
    if len(known) < max(parts, 1):
        return PENDING
    return min(known, key=lambda status: status.rank)
