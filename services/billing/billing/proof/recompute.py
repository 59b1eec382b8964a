"""Sessions and cost from an export of statuses alone; every line of it is accounted for.

The result is a function of the set of lines: no order, and no repetition, changes a figure. The rule itself
is `billing.domain.sessions`; this file only says what the set is.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from billing.domain.closing import too_late
from billing.domain.sessions import sessions
from billing.proof.digest import LedgerLine
from billing.proof.messages import Apart, Message
from billing.proof.reading import Line, Unreadable
from ventanilla.contracts.channel import DeliveryStatus, EchoedMessage, MessageStatus
from ventanilla.contracts.conversation import ContactLinked

DELIVERED = frozenset({DeliveryStatus.DELIVERED, DeliveryStatus.READ, DeliveryStatus.PLAYED})
SETTLING = timedelta(days=10)
MOST_PROBLEMS = 1_000
"""So many are kept to be shown; all are counted."""

Meter = tuple[str, str, str]
"""Channel, account, contact."""
Named = tuple[str, str, str]
"""Channel, account, the provider's id of a message."""


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
    """What is billed: by what had come when its month was closed. By month, channel, account, opening."""
    restated: list[LedgerLine]
    """The same by everything that came."""
    account: Account
    not_ours: Counter[tuple[str, str, str]]
    """Counted messages that we never sent, by month of delivery, channel and account."""
    in_two_meters: int
    """Message ids that were delivered to more than one contact: each counts, and somebody should look."""


def recompute(
    export: Iterable[Line], zone: ZoneInfo, now: datetime, settling: timedelta = SETTLING
) -> Recomputed:
    """Reads `export` once. Memory grows with the delivered messages, not with the lines.

    What lies after `now` has not happened: it is quarantined, as the meter holds it. A status that does not
    say when it came, came in time.
    """
    account = Account()
    rules = _Rules(zone, settling)
    echoed: dict[Named, datetime] = {}
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
            case EchoedMessage():
                account.excluded["echo"] += 1
                key = item.channel.value, item.account, item.provider_message_id
                echoed[key] = min(item.received_at, echoed.get(key, item.received_at))
            case MessageStatus():
                _learn(meters, account, number, item, now, rules)
    for link in sorted(links):
        _join(meters, link, aliases, settling, account)
    return _settle(meters, echoed, account, rules)


def _link(linked: ContactLinked) -> Link:
    at = linked.occurred_at.astimezone(UTC)
    return Link(at, linked.channel.value, linked.account, linked.alias_id, linked.canonical_id)


def _learn(
    meters: Meters, account: Account, number: int, status: MessageStatus, now: datetime, rules: "_Rules"
) -> None:
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
    at, came = status.occurred_at.astimezone(UTC), status.received_at or status.occurred_at
    news = Message(
        at,
        status.status is not DeliveryStatus.DELIVERED,
        number,
        came,
        status.message_id is not None,
        apart=Apart(came, True, None) if rules.too_late(at, came) else None,
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


@dataclass(frozen=True, slots=True)
class _Rules:
    zone: ZoneInfo
    settling: timedelta

    def too_late(self, at: datetime, came: datetime) -> bool:
        """Whether it came when a month that it could touch was closed."""
        return too_late(at, came, self.zone, self.settling)

    def took_back(self, echo: datetime | None, message: Message, billed_at: datetime) -> bool:
        """Whether an echo that came then kept the message from being billed, or took it back in time."""
        return echo is not None and (echo <= message.came or not self.too_late(billed_at, echo))


def _settle(meters: Meters, echoed: dict[Named, datetime], account: Account, rules: _Rules) -> Recomputed:
    billed: list[LedgerLine] = []
    restated: list[LedgerLine] = []
    not_ours: Counter[tuple[str, str, str]] = Counter()
    once: dict[tuple[str, str], set[str]] = defaultdict(set)
    twice: set[Named] = set()
    again: Counter[str] = Counter()
    for (channel, number, contact), messages in meters.items():
        to_bill: list[datetime] = []
        known: list[datetime] = []
        for name, message in messages.items():
            if name in once[channel, number]:
                twice.add((channel, number, name))
            once[channel, number].add(name)
            echo, at = echoed.get((channel, number, name)), message.billed_at
            if at is not None and rules.took_back(echo, message, at):
                account.excluded["echoed"] += message.same + message.reads + message.conflicts
                continue
            again.update(again=message.same - 1, read=message.reads, conflict=message.conflicts)
            if echo is None:
                known.append(message.at)
            if at is None:
                account.quarantine(message.line, "closed", "it came when its month was closed: an adjustment")
                continue
            to_bill.append(at)
            account.counted += 1
            if not message.ours:
                not_ours[f"{at.astimezone(rules.zone):%Y-%m}", channel, number] += 1
        billed += _ledger(channel, number, contact, to_bill, rules.zone)
        restated += _ledger(channel, number, contact, known, rules.zone)
    account.duplicate = +again  # without the zeros
    account.problems.sort()
    return Recomputed(_ordered(billed), _ordered(restated), account, not_ours, len(twice))


def _ordered(lines: list[LedgerLine]) -> list[LedgerLine]:
    return sorted(lines, key=lambda one: (one.month, one.channel, one.account, one.opened_at, one.contact))


def _ledger(
    channel: str, account: str, contact: str, counted: list[datetime], zone: ZoneInfo
) -> Iterator[LedgerLine]:
    for session in sessions(counted):
        yield LedgerLine(session.month(zone), channel, account, contact, session.opened_at, session.messages)
