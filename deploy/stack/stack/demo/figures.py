"""The figures of a run, and the checks that hold each against an independent count."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from stack.demo.oracle import month_cost, percentile, sessions
from stack.demo.player import Tally
from stack.demo.provider import Report, phone
from stack.demo.recording import Citizen
from stack.demo.seen import Seen, is_out, standing
from ventanilla.contracts.channel import DeliveryStatus, OutboundMessage
from ventanilla.contracts.conversation import BotOutcome, Change, ConversationChanged

NO_AREA = "general"

_DELIVERED = frozenset({DeliveryStatus.DELIVERED, DeliveryStatus.READ, DeliveryStatus.PLAYED})


@dataclass(frozen=True)
class Check:
    """A figure of the system's against a count that was made otherwise."""

    name: str
    expected: Any
    actual: Any

    @property
    def ok(self) -> bool:
        return bool(self.expected == self.actual)


@dataclass(frozen=True)
class Balance:
    """What billing says of a month of one account."""

    used: int
    cost: Decimal
    assumed: tuple[str, ...] = ()
    """Why the cost is no fact, as far as it is none."""


@dataclass
class Figures:
    """What `ventanilla demo` prints. Times in milliseconds, money as an exact string."""

    run: int
    day: str
    seconds: float
    conversations: int
    by_area: dict[str, int]
    by_queue: dict[str, int]
    received: int
    answered_by_bot: int
    answered_by_agents: int
    to_agents: int
    discarded: int
    sent: int
    delivered: int
    statuses: dict[str, int]
    """By kind, each of a message once."""
    statuses_repeated: int
    duplicates: int
    """Webhooks that brought a message once more."""
    dead_letters: int
    sessions: int
    cost: str
    cost_assumes: list[str]
    """Why it is no fact, as far as it is none."""
    p50_ms: float
    p99_ms: float
    area_understood: float
    """The share of conversations whose area the router has as it was recorded."""
    checks: list[Check] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        facts = asdict(self)
        facts["checks"] = [
            {"name": one.name, "expected": one.expected, "actual": one.actual, "ok": one.ok}
            for one in self.checks
        ]
        return facts


@dataclass(frozen=True)
class Evidence:
    """What a run left behind: the citizens' own count, the topics, the provider's report, the bill."""

    run: int
    day: str
    seconds: float
    citizens: list[Citizen]
    tally: Tally
    seen: Seen
    report: Report
    before: Balance
    after: Balance
    plan: dict[str, Any] | None
    """The file of the contract's price plan, as it stands there."""
    listed_sessions: dict[str, list[tuple[datetime, int]]]
    """By contact id: opening and messages of each session of the month, as billing lists them."""
    dead_letters: int
    """Written by any service since the run began."""
    desk_queues: dict[str, int]
    """How many of the run's conversations the desk lists in each queue."""


class Ledger:
    """What the topics say of this run's contacts alone: others may write meanwhile."""

    def __init__(self, evidence: Evidence) -> None:
        seen, tally = evidence.seen, evidence.tally
        self.contacts = set(tally.contacts.values())
        self.received = [event for event in seen.received if event in tally.written]
        self.answers = {id_: answer for id_, answer in seen.answers.items() if id_ in tally.written}
        self.to_agents = seen.to_agents & tally.written.keys()
        self.outbound: list[OutboundMessage] = [
            message for message in seen.outbound.values() if message.contact_id in self.contacts
        ]
        self.changes: list[ConversationChanged] = [
            change for change in seen.changes.values() if change.contact_id in self.contacts
        ]
        self.statuses = [one for one in seen.statuses.values() if one.contact_id in self.contacts]
        self.sessions = [
            one for one in seen.sessions.values() if one.contact_id in self.contacts and standing(one)
        ]

    def count(self, change: Change) -> int:
        return sum(one.change is change for one in self.changes)

    def last_of_each(self) -> dict[str, ConversationChanged]:
        """By conversation, its last change."""
        found: dict[str, ConversationChanged] = {}
        for change in self.changes:
            known = found.get(change.conversation.id)
            if known is None or change.conversation.revision >= known.conversation.revision:
                found[change.conversation.id] = change
        return found


def provider_sessions(evidence: Evidence) -> dict[str, list[tuple[datetime, int]]]:
    """By contact id: the sessions that the provider's report makes."""
    moments: dict[str, list[datetime]] = defaultdict(list)
    for message in evidence.report.messages:
        if message.counted_at is not None:
            moments[evidence.tally.contacts.get(message.contact, message.contact)].append(message.counted_at)
    return {contact: sessions(found) for contact, found in moments.items()}


def figures(evidence: Evidence) -> Figures:
    """Add everything up, and hold it against what others counted."""
    ledger, tally, report = Ledger(evidence), evidence.tally, evidence.report
    last = ledger.last_of_each()
    by_area = Counter(change.conversation.area or NO_AREA for change in last.values())
    by_queue = Counter(change.conversation.queue for change in last.values() if change.conversation.queue)
    discarded = ledger.count(Change.ANSWER_DISCARDED)
    expected_sessions = provider_sessions(evidence)
    latencies = _latencies(evidence)
    recorded = {
        tally.contacts[address]: citizen.area
        for citizen, address in _addresses(evidence)
        if address in tally.contacts
    }
    understood = [change.conversation.area == recorded.get(change.contact_id) for change in last.values()]
    found = Figures(
        run=evidence.run,
        day=evidence.day,
        seconds=round(evidence.seconds, 1),
        conversations=ledger.count(Change.OPENED),
        by_area=dict(sorted(by_area.items())),
        by_queue=dict(sorted(by_queue.items())),
        received=len(ledger.received),
        answered_by_bot=len(ledger.answers) - discarded,
        answered_by_agents=sum(message.author.kind == "agent" for message in ledger.outbound),
        to_agents=len(ledger.to_agents),
        discarded=discarded,
        sent=len(report.messages),
        delivered=len({one.provider_message_id for one in ledger.statuses if one.status in _DELIVERED}),
        statuses=dict(Counter(status for one in report.messages for status in one.statuses)),
        statuses_repeated=sum(
            status.times - 1 for one in report.messages for status in one.statuses.values()
        ),
        duplicates=tally.posted_again,
        dead_letters=evidence.dead_letters,
        sessions=len(ledger.sessions),
        cost=str(evidence.after.cost),
        cost_assumes=list(evidence.after.assumed),
        p50_ms=round(percentile(latencies, 0.50), 1),
        p99_ms=round(percentile(latencies, 0.99), 1),
        area_understood=round(sum(understood) / max(len(understood), 1), 3),
    )
    found.checks = list(_checks(evidence, ledger, found, last, expected_sessions))
    return found


def _checks(
    evidence: Evidence,
    ledger: Ledger,
    found: Figures,
    last: dict[str, ConversationChanged],
    expected_sessions: dict[str, list[tuple[datetime, int]]],
) -> Iterator[Check]:
    tally, seen, report = evidence.tally, evidence.seen, evidence.report
    yield Check("citizens who had no answer, or agents no effect", [], tally.problems)

    yield Check("messages received, against messages written", len(tally.written), found.received)
    somewhere = ledger.answers.keys() | ledger.to_agents | tally.asides
    yield Check("messages answered, shown to people or asides", len(tally.written), len(somewhere))
    yield Check("conversations, against the citizens' own count", tally.conversations, found.conversations)
    yield Check("conversations by area, all together", found.conversations, sum(found.by_area.values()))
    newest = {change.contact_id: change.conversation.area for change in last.values()}
    picked = {contact: newest.get(contact) for contact in tally.picked_areas}
    yield Check("areas picked from the menu", Counter(tally.picked_areas.values()), Counter(picked.values()))

    handed = {answer.id for answer in ledger.answers.values() if answer.outcome is BotOutcome.HANDOVER} - {
        change.cause_id for change in ledger.changes if change.change is Change.ANSWER_DISCARDED
    }
    yield Check("handovers, against the bot's own words", len(handed), ledger.count(Change.QUEUED))
    yield Check("conversations by queue, against the desk's lists", evidence.desk_queues, found.by_queue)
    for kind, actual in (
        ("take", ledger.count(Change.ASSIGNED)),
        ("reply", found.answered_by_agents),
        ("close", sum(one.change is Change.CLOSED and one.actor == "agent" for one in ledger.changes)),
    ):
        yield Check(f"agents' acts: {kind}", tally.acts[kind], actual)

    out = sum(is_out(seen, message.id) for message in ledger.outbound)
    yield Check("messages sent, against those that we owed", len(ledger.outbound), out)
    accepted = sum(one.status is DeliveryStatus.ACCEPTED for one in ledger.statuses)
    yield Check("accepted sends, against the provider's report", len(report.messages), accepted)
    parts = Counter(":".join((one.opaque or one.id).split(":")[:2]) for one in report.messages)
    yield Check("parts that a phone got twice", 0, sum(count - 1 for count in parts.values()))
    delivered = sum(one.counted_at is not None for one in report.messages)
    yield Check("delivered, against the provider's report", delivered, found.delivered)
    told = Counter(
        word for word, _ in {(one.status.value, one.provider_message_id) for one in ledger.statuses}
    )
    told.pop(DeliveryStatus.ACCEPTED.value, None)
    yield Check("statuses by kind, against the provider's report", found.statuses, dict(told))

    rows = {
        contact: [(opened, messages) for opened, messages in sessions]
        for contact, sessions in expected_sessions.items()
    }
    total = sum(len(found) for found in rows.values())
    yield Check("sessions, against the provider's report", total, found.sessions)
    yield Check("sessions that billing lists otherwise", [], _differing(rows, evidence.listed_sessions))
    counted = sum(one.messages for one in ledger.sessions)
    yield Check("messages in sessions, against those delivered", delivered, counted)
    yield Check("the month's sessions, after this run", evidence.before.used + total, evidence.after.used)
    cost = month_cost(evidence.plan, evidence.day[:7], evidence.after.used)
    yield Check("the month's cost, by the plan", str(cost), found.cost)
    yield Check("dead letters", 0, found.dead_letters)


def _differing(
    expected: dict[str, list[tuple[datetime, int]]], listed: dict[str, list[tuple[datetime, int]]]
) -> list[str]:
    """Contacts whose sessions are not the same, opening for opening, message for message."""
    return sorted(
        contact
        for contact in expected.keys() | listed.keys()
        if sorted(expected.get(contact, [])) != sorted(listed.get(contact, []))
    )


def _latencies(evidence: Evidence) -> list[float]:
    """Milliseconds from posting a citizen's message to the phone's first answer of the bot.

    Without the phones whose sends were made to fail: that wait is the provider's.
    """
    spoilt = {address for citizen, address in _addresses(evidence) if citizen.trouble.failure}
    first: dict[str, float] = {}
    for message in evidence.report.messages:
        if message.contact not in spoilt:
            arrived = message.received_at.timestamp()
            first[message.message_id] = min(arrived, first.get(message.message_id, arrived))
    found = []
    for event_id, written in evidence.tally.written.items():
        answer = evidence.seen.answers.get(event_id)
        sent = evidence.seen.by_cause.get(answer.id, []) if answer else []
        if arrivals := [first[one] for one in sent if one in first]:
            found.append((min(arrivals) - written) * 1000)
    return found


def _addresses(evidence: Evidence) -> list[tuple[Citizen, str]]:
    return [(one, phone(evidence.run, one.number, one.ids, one.name).address) for one in evidence.citizens]
