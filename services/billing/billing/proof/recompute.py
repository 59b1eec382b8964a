"""Sessions and cost from an export of statuses alone; every line of it is accounted for.

The result is a function of the set of lines: no order, and no repetition, changes a figure. The rule itself
is `billing.domain.sessions`; this file only says what the set is.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from billing.domain.sessions import sessions
from billing.proof.digest import LedgerLine
from billing.proof.reading import Line, Unreadable
from ventanilla.contracts.channel import DeliveryStatus, MessageStatus
from ventanilla.contracts.conversation import ContactLinked

DELIVERED = frozenset({DeliveryStatus.DELIVERED, DeliveryStatus.READ, DeliveryStatus.PLAYED})
SETTLING = timedelta(days=10)
MOST_PROBLEMS = 1_000
"""So many are kept to be shown; all are counted."""

Meter = tuple[str, str, str]
"""Channel, account, contact."""


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
    ours: bool
    """False: no message that we sent has this id; it counts all the same, because the provider bills it."""
    same: int = 1
    """Lines that say exactly this."""
    reads: int = 0
    conflicts: int = 0
    """Lines with a later delivery time."""

    def join(self, other: "Message") -> int | None:
        """Both pieces of knowledge, in any order. Returns the line of a delivery time that does not count."""
        self.ours = self.ours or other.ours
        self.reads += other.reads
        self.conflicts += other.conflicts
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


Meters = dict[Meter, dict[str, Message]]


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """From `at` on, `alias` stands for `canonical`."""

    at: datetime
    channel: str
    account: str
    alias: str
    canonical: str


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something that a person should look at."""

    line: int
    reason: str
    detail: str


@dataclass
class Account:
    """Where every line went: received = counted + duplicate + excluded + quarantined."""

    received: int = 0
    counted: int = 0
    duplicate: Counter[str] = field(default_factory=Counter)
    """`again`: the same fact; `read`: its message counts already; `conflict`: with another delivery time."""
    excluded: Counter[str] = field(default_factory=Counter)
    quarantined: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    """The first of them."""

    def adds_up(self) -> bool:
        """Whether no line is missing from the account and none stands in it twice."""
        return self.received == (
            self.counted + self.duplicate.total() + self.excluded.total() + self.quarantined.total()
        )

    def quarantine(self, line: int, reason: str, detail: str) -> None:
        """Counts a line that is not metered, and keeps it to be shown."""
        self.quarantined[reason] += 1
        self.show(line, reason, detail)

    def show(self, line: int, reason: str, detail: str) -> None:
        """A person should look at this line; kept while there is room."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(line, reason, detail))


@dataclass
class Recomputed:
    """What the export says."""

    lines: list[LedgerLine]
    """By month, channel, account, opening."""
    account: Account
    not_ours: Counter[tuple[str, str, str]]
    """Counted messages that we never sent, by month of delivery, channel and account."""
    in_two_meters: int
    """Message ids that were delivered to more than one contact: each counts, and somebody should look."""


def recompute(
    export: Iterable[Line], zone: ZoneInfo, now: datetime, settling: timedelta = SETTLING
) -> Recomputed:
    """Reads `export` once. Memory grows with the delivered messages, not with the lines.

    What lies after `now` has not happened: it is quarantined, as the meter holds it.
    """
    account = Account()
    meters: Meters = defaultdict(dict)
    links: set[Link] = set()
    aliases: dict[str, str] = {}
    for number, item in export:
        account.received += 1
        match item:
            case Unreadable(reason="blank"):
                account.excluded["blank"] += 1
            case Unreadable():
                account.quarantine(number, item.reason, item.detail)
            case ContactLinked():
                account.excluded["contact_linked"] += 1
                if item.merged and item.alias_id != item.canonical_id:
                    links.add(_link(item))
            case MessageStatus():
                _learn(meters, account, number, item, now)
    for link in sorted(links):
        _join(meters, link, aliases, settling, account)
    return _settle(meters, account, zone)


def _link(linked: ContactLinked) -> Link:
    at = linked.occurred_at.astimezone(UTC)
    return Link(at, linked.channel.value, linked.account, linked.alias_id, linked.canonical_id)


def _learn(meters: Meters, account: Account, number: int, status: MessageStatus, now: datetime) -> None:
    if status.status not in DELIVERED:
        account.excluded["not_delivered"] += 1
        return
    if status.provider_message_id is None:
        account.excluded["no_message_id"] += 1
        account.show(number, "no_message_id", f"{status.status}, but of which message is not said")
        return
    if status.occurred_at > now:
        account.quarantine(number, "ahead", "its time has not come")
        return
    news = Message(
        status.occurred_at.astimezone(UTC),
        status.status is not DeliveryStatus.DELIVERED,
        number,
        status.message_id is not None,
    )
    _add(
        meters[status.channel.value, status.account, status.contact_id],
        status.provider_message_id,
        news,
        account,
    )


def _add(meter: dict[str, Message], name: str, news: Message, account: Account) -> None:
    known = meter.get(name)
    if known is None:
        meter[name] = news
    elif (line := known.join(news)) is not None:
        account.show(
            line, "conflict", "another line has an earlier delivery time for this message; that counts"
        )


def _join(meters: Meters, link: Link, aliases: dict[str, str], settling: timedelta, account: Account) -> None:
    """What the alias has goes to whom it stands for; sessions that had settled stay, as in the meter."""
    if aliases.get(link.alias) == link.canonical:
        return
    aliases[link.alias] = link.canonical
    stands = canonical_contact(link.alias, aliases)
    mine = link.channel, link.account, link.alias
    if stands == link.alias or mine not in meters:
        return
    messages = meters.pop(mine)
    settled = [
        session.closes_at
        for session in sessions(message.at for message in messages.values())
        if session.closes_at <= link.at - settling
    ]
    for name, message in messages.items():
        stays = bool(settled) and message.at < settled[-1]
        into = mine if stays else (link.channel, link.account, stands)
        _add(meters[into], name, message, account)


def canonical_contact(contact: str, aliases: dict[str, str]) -> str:
    """Whom `contact` stands for. Of ids that were joined in a circle it is the smallest, as in the meter."""
    path = [contact]
    while path[-1] in aliases:
        following = aliases[path[-1]]
        if following in path:
            return min(path[path.index(following) :])
        path.append(following)
    return path[-1]


def _settle(meters: Meters, account: Account, zone: ZoneInfo) -> Recomputed:
    lines: list[LedgerLine] = []
    not_ours: Counter[tuple[str, str, str]] = Counter()
    once: dict[tuple[str, str], set[str]] = defaultdict(set)
    twice: set[tuple[str, str, str]] = set()
    again: Counter[str] = Counter()
    for (channel, number, contact), messages in meters.items():
        counted: list[datetime] = []
        for name, message in messages.items():
            counted.append(message.at)
            account.counted += 1
            again.update(again=message.same - 1, read=message.reads, conflict=message.conflicts)
            if name in once[channel, number]:
                twice.add((channel, number, name))
            once[channel, number].add(name)
            if not message.ours:
                not_ours[f"{message.at.astimezone(zone):%Y-%m}", channel, number] += 1
        lines += _ledger(channel, number, contact, counted, zone)
    lines.sort(key=lambda one: (one.month, one.channel, one.account, one.opened_at, one.contact))
    account.duplicate = +again  # without the zeros
    account.problems.sort()
    return Recomputed(lines, account, not_ours, len(twice))


def _ledger(
    channel: str, account: str, contact: str, counted: list[datetime], zone: ZoneInfo
) -> Iterator[LedgerLine]:
    for session in sessions(counted):
        yield LedgerLine(session.month(zone), channel, account, contact, session.opened_at, session.messages)
