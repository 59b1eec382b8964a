"""What is kept of one contact: a live part that settles, and a sealed part that is only totals.

The rule is greedy from left to right, so sessions that ended before a moment do not depend on what is
delivered at or after it. A session is sealed when it ended a settling time before the latest delivery of its
contact: whatever the provider may still report is later than its end. Its messages become a count, a link
in a digest, and eight characters each to know them again, the latest `REMEMBERED` of them.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from pydantic import BaseModel

from ventanilla.contracts.channel import Channel, MessageStatus

REMEMBERED = 1024
"""How many sealed messages of a contact are known again: a person may read one weeks after its delivery."""
_MARK = 8


class Delivery(BaseModel):
    """When one message was delivered, as far as is known."""

    delivered: datetime | None = None
    seen: datetime | None = None
    """The earliest `read` or `played`, as long as no `delivered` is known."""
    conversation: str | None = None
    """Ours that the message belongs to, where a status said so."""
    facts: str | None = None
    """What the provider said of price and conversation with `delivered`, as two short hashes with a dot
    between; empty for what it did not say."""

    @property
    def counted_at(self) -> datetime:
        moment = self.delivered or self.seen
        assert moment is not None, "a delivery is kept only with a time"
        return moment

    def joined(self, other: "Delivery") -> "Delivery":
        """Both pieces of knowledge; commutative, associative and idempotent."""
        delivered = _earlier(self.delivered, other.delivered)
        return Delivery(
            delivered=delivered,
            seen=None if delivered else _earlier(self.seen, other.seen),
            conversation=_first(self.conversation, other.conversation),
            facts=_both(self.facts, other.facts),
        )

    def contradicts(self, other: "Delivery") -> bool:
        """Whether both say something of price or conversation, and not the same."""
        pairs = zip((self.facts or ".").split("."), (other.facts or ".").split("."), strict=True)
        return any(mine and theirs and mine != theirs for mine, theirs in pairs)


class Sealed(BaseModel):
    """The sessions that no event inside the settling time can touch any more."""

    until: datetime
    """The end of the last of them: what is delivered before it comes too late."""
    sessions: dict[str, int] = {}
    """How many, by the month in which they opened."""
    messages: int = 0
    digest: str = ""
    """SHA-256 over the digest before, the opening and the messages of each session, in order of opening."""
    marks: str = ""

    def with_session(self, opened_at: datetime, until: datetime, month: str, messages: list[str]) -> "Sealed":
        """One more session, the next in time, with the hashes of its messages."""
        line = f"{self.digest} {opened_at.isoformat()} {len(messages)}"
        return Sealed(
            until=until,
            sessions=self.sessions | {month: self.sessions.get(month, 0) + 1},
            messages=self.messages + len(messages),
            digest=sha256(line.encode()).hexdigest(),
            marks=_remembered(self.marks, messages),
        )

    def with_marks(self, messages: Iterable[str]) -> "Sealed":
        """Late messages, known from now on."""
        return self.model_copy(update={"marks": _remembered(self.marks, messages)})

    def knows(self, message: str) -> bool:
        """Whether it was sealed."""
        return _is_marked(self.marks, message)


class Meter(BaseModel):
    """One contact of one account. Its size is bounded: a settling time of deliveries, totals and marks."""

    channel: Channel
    account: str
    deliveries: dict[str, Delivery] = {}
    """Not yet sealed, by a short hash of the provider's message id."""
    revisions: dict[str, int] = {}
    """How often each session, standing or voided, was published; without the sealed ones."""
    published: dict[str, tuple[datetime, int]] = {}
    """The standing sessions in order: when each opened and how many messages it has."""
    voided: dict[str, datetime] = {}
    """Where voided sessions had opened, so that they are forgotten with their time."""
    latest: datetime | None = None
    """The latest time that ever counted; what is a settling time older is sealed."""
    sealed: Sealed | None = None
    held: list[MessageStatus] = []
    """Statuses whose time had not come when they were read."""
    late: dict[str, Delivery] = {}
    """What came when its month was closed, and makes no session; until it is sealed with its time. It is kept
    so that each adjustment says what it adds to those before it."""
    echoes: str = ""
    """Marks of messages written on the number's own telephone, which do not count."""
    received: int = 0
    """Statuses read."""
    tally: dict[str, int] = {}
    """What became of them, by `<outcome>` or `<outcome>:<reason>`; their sum is `received`."""
    moved_to: str | None = None
    """The contact that this one turned out to be; what still comes here is passed on."""

    @property
    def due_at(self) -> datetime | None:
        """The earliest time of what is held."""
        return min((status.occurred_at for status in self.held), default=None)

    def echoed(self, message: str) -> bool:
        """Whether it was written on the number's own telephone."""
        return bool(self.echoes) and _is_marked(self.echoes, message)

    def with_echoes(self, messages: Iterable[str]) -> "Meter":
        """Messages that were written on the number's own telephone, known from now on."""
        return self.model_copy(update={"echoes": _remembered(self.echoes, messages)})

    def echoed_messages(self) -> list[str]:
        """Twelve hexadecimal digits of each."""
        marks = (self.echoes[place : place + _MARK] for place in range(0, len(self.echoes), _MARK))
        return [b64decode(mark).hex() for mark in marks]

    def tallied(self, outcome: str, by: int = 1) -> "Meter":
        """With one more of this outcome; `by` -1 takes one back. Of statuses only: the sum is `received`."""
        tally = {**self.tally, outcome: self.tally.get(outcome, 0) + by}
        return self.model_copy(update={"tally": tally})


def _remembered(marks: str, messages: Iterable[str]) -> str:
    """`marks` with those of `messages`, the latest `REMEMBERED` of them."""
    return (marks + "".join(map(_mark, messages)))[-REMEMBERED * _MARK :]


def _mark(message: str) -> str:
    return b64encode(bytes.fromhex(message[:12])).decode()


def _is_marked(marks: str, message: str) -> bool:
    """Wrong for one in 2^48 at each mark kept."""
    mark, place = _mark(message), -1
    while (place := marks.find(mark, place + 1)) >= 0:
        if place % _MARK == 0:
            return True
    return False


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else one or other


def _first(one: str | None, other: str | None) -> str | None:
    """Of two different ones the same, whichever was known before."""
    return min(one, other) if one and other else one or other


def _both(one: str | None, other: str | None) -> str | None:
    if one is None or other is None or one == other:
        return other if one is None else one
    return ".".join(_first(*pair) or "" for pair in zip(one.split("."), other.split("."), strict=True))
