"""One message of an export: what all lines say of it, and what it is billed by.

Small, because a year has a million.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class Message:
    """One message, by the provider's id: the time that counts, and how many lines said what of it.

    `delivered` counts before `read` and `played`, then the earliest. Small, because a year has a million.
    """

    at: datetime
    indirect: bool
    """Known from `read` or `played` only."""
    line: int
    """Of the export: the first seen that says so."""
    came: datetime
    """When it was first heard of."""
    ours: bool
    """False: no message that we sent has this id; it counts all the same, because the provider bills it."""
    same: int = 1
    """Lines that say exactly this."""
    reads: int = 0
    conflicts: int = 0
    """Lines with a later delivery time."""
    apart: "Apart | None" = None
    """Only of what came after its month was closed, at least in part."""

    def join(self, other: "Message") -> int | None:
        """Both pieces of knowledge, in any order. Returns the line of a delivery time that does not count."""
        self.ours = self.ours or other.ours
        self.reads += other.reads
        self.conflicts += other.conflicts
        if self.apart or other.apart:
            self.apart = _apart(self).joined(_apart(other))
        self.came = min(self.came, other.came)
        if (self.indirect, self.at) == (other.indirect, other.at):
            self.same += other.same
            return None
        loser = other.indirect, other.line, other.same
        if (other.indirect, other.at) < (self.indirect, self.at):
            loser = self.indirect, self.line, self.same
            self.indirect, self.line, self.same, self.at = other.indirect, other.line, other.same, other.at
        indirect, line, lines = loser
        if indirect:
            self.reads += lines
            return None
        self.conflicts += lines
        return line

    @property
    def billed_at(self) -> datetime | None:
        """The time by which it was billed; None: it came too late to be."""
        if self.apart is None:
            return self.at
        return None if self.apart.first_late or self.apart.in_time is None else self.apart.in_time[1]


@dataclass(frozen=True, slots=True)
class Apart:
    """What a message is billed by, and what only came when that could not be edited any more."""

    first: datetime
    """When it was first heard of."""
    first_late: bool
    """By a status that came too late: then it is never billed."""
    in_time: tuple[bool, datetime] | None
    """`indirect` and `at` of what came in time."""

    def joined(self, other: "Apart") -> "Apart":
        """Both pieces of knowledge, in any order."""
        first, first_late = min((self.first, self.first_late), (other.first, other.first_late))
        known = [one for one in (self.in_time, other.in_time) if one is not None]
        return Apart(first, first_late, min(known, default=None))


def _apart(message: Message) -> Apart:
    return message.apart or Apart(message.came, False, (message.indirect, message.at))
