"""Whether every status that was read has one outcome, by two counts that know nothing of each other. Pure.

One count is the meters' own: each has written down, together with its sessions, how many statuses it read and
what became of each. The other is the broker's: how many records of the topic the meter's group has done, less
those that became dead letters. While the meter works the broker's count is a moment behind.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

OUTCOMES = (
    "counted",
    "duplicate",
    "duplicate:conflict",
    "duplicate:sealed",
    "duplicate:closed",
    "excluded:not_delivered",
    "excluded:no_message_id",
    "excluded:echoed",
    "quarantined:ahead",
    "quarantined:far_ahead",
    "quarantined:late",
    "quarantined:closed",
    "moved",
)
"""All that a meter says (see `billing.domain.meter`). One that is missing here does not add up."""


@dataclass(frozen=True, slots=True)
class Account:
    """The statuses of one account of ours, over all its meters."""

    channel: str
    account: str
    received: int
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """By `<outcome>` or `<outcome>:<reason>`."""

    def of(self, outcome: str) -> int:
        """All of an outcome, whatever the reason."""
        return sum(self.reasons(outcome).values())

    def reasons(self, outcome: str) -> dict[str, int]:
        """An outcome by its reasons; what has none of its own is `again`."""
        parts = ((name.partition(":"), count) for name, count in self.outcomes.items())
        return {reason or "again": count for (word, _, reason), count in parts if word == outcome}

    @property
    def unexplained(self) -> int:
        """Statuses without an outcome; below zero: outcomes without a status."""
        return self.received - sum(self.outcomes.values())


@dataclass(frozen=True, slots=True)
class Handed:
    """What the broker says of the topic, in records since the meter's group began."""

    done: int
    dead_letters: int
    waiting: int
    """Not done yet."""
    moving: bool
    """Whether more were done while this was looked at."""

    @property
    def metered(self) -> int:
        """So many statuses the meters must have read."""
        return self.done - self.dead_letters


@dataclass(frozen=True, slots=True)
class Accounting:
    """Both counts side by side."""

    accounts: Sequence[Account]
    handed: Handed

    @property
    def received(self) -> int:
        return sum(one.received for one in self.accounts)

    @property
    def missing(self) -> int:
        """Records that were done and that no meter read; below zero: read and not done.

        Of the latter some are in hand while there is work, so they count only when there is none.
        """
        missing = self.handed.metered - self.received
        working = self.handed.moving or self.handed.waiting > 0
        return max(0, missing) if working else missing

    @property
    def unaccounted(self) -> int:
        """Statuses that do not add up, either way; 0 is right."""
        return abs(self.missing) + sum(abs(one.unexplained) for one in self.accounts)


def handed(
    before: Iterable[tuple[int, int]], after: Iterable[tuple[int, int]], begun_at: int, dead_letters: int
) -> Handed:
    """From two looks at the group, the meters read between them: (done, ends) of each partition.

    `begun_at` is how many records were gone before the group began.
    """
    first, last = list(before), list(after)
    done = sum(each for each, _ in first)
    return Handed(
        done=done - begun_at,
        dead_letters=dead_letters,
        waiting=sum(ends - each for each, ends in last),
        moving=sum(each for each, _ in last) != done,
    )
