"""The provider's invoice against our own statuses: what agrees, what only one side has, and why.

The unit is a message, matched by the provider's message id. Only where the provider itself said, with the
status, that it prices by conversation (`pricing.model` CBP) the unit is its conversation: then an invoice
line may name the conversation instead, and must not lie after its expiration. Under per-message pricing a
conversation id means no session, so nothing is matched by it.
Source: Meta, WhatsApp pricing and the `statuses` webhook (`pricing.pricing_model`, `conversation`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from operator import itemgetter
from zoneinfo import ZoneInfo

from billing.proof.invoice import InvoiceLine
from billing.proof.reading import Line, Unreadable
from billing.proof.recompute import DELIVERED
from ventanilla.contracts.channel import (
    Channel,
    DeliveryStatus,
    EchoedMessage,
    MessageStatus,
    ProviderConversation,
    ProviderPricing,
)

BY_CONVERSATION = "CBP"
_CLOCK = timedelta(seconds=1)
"""The provider's webhooks carry whole seconds; less than this is no difference."""


class Outcome(StrEnum):
    MATCHED = "matched"
    DIFFERENT = "different"
    OURS_ONLY = "ours_only"
    THEIRS_ONLY = "theirs_only"


Stamp = tuple[datetime, int, str]
"""Of two statements about one message the one with the smaller stamp stands, in whatever order they come."""


@dataclass(slots=True)
class Message:
    """One message as our statuses know it."""

    delivered: datetime | None = None
    seen: datetime | None = None
    pricing: tuple[Stamp, ProviderPricing] | None = None
    conversation: tuple[Stamp, ProviderConversation] | None = None

    @property
    def at(self) -> datetime | None:
        """When it was delivered, or None when it was not."""
        return self.delivered or self.seen

    @property
    def unit(self) -> str | None:
        """The provider's conversation, where that is what it prices."""
        if self.pricing is None or self.pricing[1].model != BY_CONVERSATION or self.conversation is None:
            return None
        return self.conversation[1].id

    def learn(self, status: MessageStatus) -> None:
        """The result is the same in any order and however often."""
        at = status.occurred_at.astimezone(UTC)
        if status.status is DeliveryStatus.DELIVERED:
            self.delivered = min(self.delivered or at, at)
        elif status.status in DELIVERED:
            self.seen = min(self.seen or at, at)
        if status.pricing is not None:
            priced = (at, status.status.rank, status.pricing.model_dump_json()), status.pricing
            self.pricing = min(self.pricing or priced, priced, key=itemgetter(0))
        if status.conversation is not None:
            named = (at, status.status.rank, status.conversation.model_dump_json()), status.conversation
            self.conversation = min(self.conversation or named, named, key=itemgetter(0))


@dataclass(slots=True)
class Unit:
    """What the provider prices at once: a message, or under CBP a conversation."""

    id: str
    conversation: bool
    messages: list[Message] = field(default_factory=list)

    @property
    def at(self) -> datetime | None:
        """When its first message was delivered; None when none was."""
        return min((one.at for one in self.messages if one.at is not None), default=None)

    @property
    def expires(self) -> datetime | None:
        """The latest that the provider named."""
        named = (one.conversation[1].expires_at for one in self.messages if one.conversation is not None)
        return max((one for one in named if one is not None), default=None)

    @property
    def category(self) -> str | None:
        """In lower case; None where the provider did not say."""
        said = [one for one in self._pricings() if one.category is not None]
        return said[0].category.lower() if said and said[0].category else None

    @property
    def billable(self) -> bool | None:
        """True as soon as one of its messages is; None where the provider did not say."""
        said = [one.billable for one in self._pricings() if one.billable is not None]
        return any(said) if said else None

    def _pricings(self) -> list[ProviderPricing]:
        stamped = sorted((one.pricing for one in self.messages if one.pricing is not None), key=itemgetter(0))
        return [pricing for _, pricing in stamped]


@dataclass(frozen=True, slots=True)
class Finding:
    """Where one line of the invoice, or one unit of ours without a line, ended."""

    outcome: Outcome
    reasons: tuple[str, ...]
    line: int | None
    """Of the invoice's file."""
    unit: str | None
    """The provider's id of our message or conversation."""
    invoiced: Decimal | None
    expected: Decimal | None
    """By the prices that were given; None where there is none."""


@dataclass
class Reconciliation:
    """Every line of the invoice and every unit of ours of its month, each exactly once."""

    month: str
    findings: list[Finding]
    outside_month: int
    """Units of ours of other months that no line names; they are no part of this invoice."""

    def count(self, outcome: Outcome) -> int:
        """How many ended so."""
        return sum(one.outcome is outcome for one in self.findings)

    def reasons(self, outcome: Outcome) -> Counter[str]:
        """How often each reason was given."""
        return Counter(reason for one in self.findings if one.outcome is outcome for reason in one.reasons)

    def invoiced(self, outcome: Outcome) -> Decimal:
        """What the invoice asks for these, exact."""
        return sum(
            (one.invoiced for one in self.findings if one.outcome is outcome and one.invoiced is not None),
            Decimal(0),
        )

    def expected(self, outcome: Outcome) -> Decimal | None:
        """What these should cost by the prices that were given; None when one of them has no price."""
        amounts = [one.expected for one in self.findings if one.outcome is outcome]
        known = [one for one in amounts if one is not None]
        return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def our_messages(
    export: Iterable[Line], rehearsals: frozenset[str], unreadable: Counter[str]
) -> dict[str, Message]:
    """Our WhatsApp messages by the provider's id. `rehearsals`: accounts that play recorded days.

    Without those written on the number's own telephone, which nobody should bill: a line for one is theirs.
    Lines that cannot be read are counted into `unreadable`, by reason.
    """
    messages: dict[str, Message] = {}
    echoed: set[str] = set()
    for _, item in export:
        if isinstance(item, Unreadable):
            if item.reason != "blank":
                unreadable[item.reason] += 1
        elif isinstance(item, EchoedMessage):
            echoed.add(item.provider_message_id)
        elif (
            isinstance(item, MessageStatus)
            and item.channel is Channel.WHATSAPP
            and item.account not in rehearsals
            and item.provider_message_id is not None
        ):
            messages.setdefault(item.provider_message_id, Message()).learn(item)
    return {name: message for name, message in messages.items() if name not in echoed}


def usual_month(lines: Iterable[InvoiceLine], zone: ZoneInfo) -> str | None:
    """The month, by the institution's calendar, that most lines lie in; None for an invoice without lines."""
    months = Counter(month_of(line.time, zone) for line in lines)
    return max(sorted(months), key=lambda month: months[month], default=None)


def month_of(moment: datetime, zone: ZoneInfo) -> str:
    """`YYYY-MM`, by the institution's calendar."""
    return f"{moment.astimezone(zone):%Y-%m}"


def reconcile(
    lines: Iterable[InvoiceLine],
    messages: Mapping[str, Message],
    month: str,
    zone: ZoneInfo,
    prices: Mapping[str, Decimal],
) -> Reconciliation:
    """`prices`: for each category, in lower case, of one billable unit; may be empty."""
    by_message, by_conversation = _units(messages)
    mentioned = {one.conversation[1].id for one in messages.values() if one.conversation is not None}
    taken: set[tuple[bool, str]] = set()
    findings = []
    for line in lines:
        unit = by_message.get(line.message_id or "") or by_conversation.get(line.conversation_id or "")
        if unit is None:
            findings.append(_theirs(line, None, _why_unknown(line, mentioned)))
        elif unit.at is None:
            findings.append(_theirs(line, unit.id, "never_delivered"))
        elif (unit.conversation, unit.id) in taken:
            findings.append(_theirs(line, unit.id, "billed_twice"))
        else:
            taken.add((unit.conversation, unit.id))
            findings.append(_compare(line, unit, unit.at, month, zone, prices))
    outside = 0
    for unit in {(one.conversation, one.id): one for one in by_message.values()}.values():
        if unit.at is None or (unit.conversation, unit.id) in taken:
            continue
        if month_of(unit.at, zone) != month:
            outside += 1
            continue
        reason = "not_billable" if unit.billable is False else "not_invoiced"
        expected = _expected(unit.category, unit.billable, prices)
        findings.append(Finding(Outcome.OURS_ONLY, (reason,), None, unit.id, None, expected))
    return Reconciliation(month, findings, outside)


def _units(messages: Mapping[str, Message]) -> tuple[dict[str, Unit], dict[str, Unit]]:
    """Each message's unit, and the conversations that are units."""
    by_message: dict[str, Unit] = {}
    by_conversation: dict[str, Unit] = {}
    for name, message in sorted(messages.items()):
        conversation = message.unit
        if conversation is None:
            unit = Unit(name, conversation=False)
        else:
            unit = by_conversation.setdefault(conversation, Unit(conversation, conversation=True))
        unit.messages.append(message)
        by_message[name] = unit
    return by_message, by_conversation


def _why_unknown(line: InvoiceLine, mentioned: set[str]) -> str:
    if line.message_id is not None:
        return "unknown_message"
    # We know it, but the provider does not price by it: under per-message pricing it stands for no session.
    return "conversation_not_priced" if line.conversation_id in mentioned else "unknown_conversation"


def _theirs(line: InvoiceLine, unit: str | None, reason: str) -> Finding:
    return Finding(Outcome.THEIRS_ONLY, (reason,), line.line, unit, line.amount, Decimal(0))


def _compare(
    line: InvoiceLine, unit: Unit, at: datetime, month: str, zone: ZoneInfo, prices: Mapping[str, Decimal]
) -> Finding:
    billable = line.billable if unit.billable is None else unit.billable
    expected = _expected(unit.category or line.category, billable, prices)
    checks = {
        "conversation": unit.conversation and line.conversation_id not in (None, unit.id),
        "time": not unit.conversation and abs(at - line.time) >= _CLOCK,
        "after_expiration": unit.conversation and unit.expires is not None and line.time >= unit.expires,
        "other_month": month_of(at, zone) != month,
        "category": unit.category not in (None, line.category),
        "billable": unit.billable not in (None, line.billable),
        "amount": (expected is not None and expected != line.amount)
        or (not line.billable and line.amount != 0),
    }
    reasons = tuple(name for name, differs in checks.items() if differs)
    outcome = Outcome.DIFFERENT if reasons else Outcome.MATCHED
    return Finding(outcome, reasons, line.line, unit.id, line.amount, expected)


def _expected(category: str | None, billable: bool | None, prices: Mapping[str, Decimal]) -> Decimal | None:
    if billable is False:
        return Decimal(0)
    return prices.get(category or "")
