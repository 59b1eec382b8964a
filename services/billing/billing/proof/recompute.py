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


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """That a message had been delivered at a time. The smallest of a message's facts is the one that counts:
    `delivered` before `read` before `played`'s times, then the earliest."""

    indirect: bool
    """Known from `read` or `played`, not from `delivered`."""
    at: datetime
    rank: int
    line: int = field(compare=False)


@dataclass(slots=True)
class Message:
    """One message, by the provider's id, as far as the export knows it."""

    facts: set[Fact] = field(default_factory=set)
    ours: bool = False
    """False: no message that we sent has this id; it counts all the same, because the provider bills it."""

    again: int = 0
    """Lines that said what another had said."""

    def learn(self, fact: Fact) -> None:
        """One line of the export."""
        if fact in self.facts:
            self.again += 1
        else:
            self.facts.add(fact)

    def join(self, other: "Message") -> None:
        """The same message, delivered to another id of the same person."""
        self.ours = self.ours or other.ours
        self.again += other.again
        for fact in other.facts:
            self.learn(fact)


Meters = dict[Meter, dict[str, Message]]


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """From `at` on, `alias` stands for `canonical`."""

    at: datetime
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
                    links.add(Link(item.occurred_at.astimezone(UTC), item.alias_id, item.canonical_id))
            case MessageStatus():
                _learn(meters, account, number, item, now)
    for link in sorted(links):
        _join(meters, link, aliases, settling)
    return _settle(meters, account, zone)


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
    direct = status.status is DeliveryStatus.DELIVERED
    meter = meters[status.channel.value, status.account, status.contact_id]
    message = meter.setdefault(status.provider_message_id, Message())
    message.ours = message.ours or status.message_id is not None
    message.learn(Fact(not direct, status.occurred_at.astimezone(UTC), status.status.rank, number))


def _join(meters: Meters, link: Link, aliases: dict[str, str], settling: timedelta) -> None:
    """What the alias has goes to whom it stands for; sessions that had settled stay, as in the meter."""
    if aliases.get(link.alias) == link.canonical:
        return
    aliases[link.alias] = link.canonical
    stands = canonical_contact(link.alias, aliases)
    for channel, number, contact in [key for key in meters if key[2] == link.alias and stands != link.alias]:
        messages = meters.pop((channel, number, contact))
        settled = [
            session.closes_at
            for session in sessions(min(message.facts).at for message in messages.values())
            if session.closes_at <= link.at - settling
        ]
        until = max(settled, default=link.at)
        into = meters[channel, number, stands]
        for name, message in messages.items():
            if settled and min(message.facts).at < until:
                meters[channel, number, contact][name] = message
            elif name in into:
                into[name].join(message)
            else:
                into[name] = message


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
    owners: Counter[tuple[str, str, str]] = Counter()
    for (channel, number, contact), messages in meters.items():
        counted: list[datetime] = []
        for name, message in messages.items():
            standing = min(message.facts)
            counted.append(standing.at)
            account.counted += 1
            account.duplicate.update({"again": message.again} if message.again else {})
            owners[channel, number, name] += 1
            if not message.ours:
                not_ours[f"{standing.at.astimezone(zone):%Y-%m}", channel, number] += 1
            _account_for(message.facts - {standing}, standing, account)
        lines += _ledger(channel, number, contact, counted, zone)
    lines.sort(key=lambda one: (one.month, one.channel, one.account, one.opened_at, one.contact))
    account.problems.sort()
    return Recomputed(lines, account, not_ours, sum(count > 1 for count in owners.values()))


def _account_for(others: set[Fact], standing: Fact, account: Account) -> None:
    for fact in others:
        account.duplicate["read" if fact.indirect else "conflict"] += 1
        if not fact.indirect:
            detail = f"delivered at {fact.at.isoformat()}, counts at {standing.at.isoformat()}, the earliest"
            account.show(fact.line, "conflict", detail)


def _ledger(
    channel: str, account: str, contact: str, counted: list[datetime], zone: ZoneInfo
) -> Iterator[LedgerLine]:
    for session in sessions(counted):
        yield LedgerLine(session.month(zone), channel, account, contact, session.opened_at, session.messages)
