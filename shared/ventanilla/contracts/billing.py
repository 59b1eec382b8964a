"""What the meter says. Topics: `billing.session.v1`, `billing.allotment.v1`, `billing.statement.v1`,
`billing.meter.moved.v1`, `billing.meter.noted.v1`, `billing.meter.due.v1`."""

from decimal import Decimal
from enum import StrEnum

from ventanilla.contracts.channel import Channel
from ventanilla.contracts.event import Contract, Event, Timestamp


class SessionChange(StrEnum):
    OPENED = "opened"
    EXTENDED = "extended"
    CORRECTED = "corrected"  # a late event moved its start
    VOIDED = "voided"  # a late event made it part of another


class SessionChanged(Event):
    """One 24-hour session of one account and contact, as it is after this change.

    Source of the rule: the customer's document, point X (see `billing.domain`). `month` is `YYYY-MM` in
    the institution's time zone, the month in which the session opened.
    """

    session_id: str
    change: SessionChange
    channel: Channel
    account: str
    opened_at: Timestamp
    closes_at: Timestamp
    month: str
    messages: int
    cause_id: str
    revision: int = 1
    ours: bool = True
    """False when the change is due to a message that we never sent: the provider bills it all the same."""
    conversation_id: str | None = None
    """The conversation of the message that opened it: said where it is known; None: as it was."""


class AllotmentReached(Event):
    """A share of the month's allotment was used up, said once for each threshold and month.

    It concerns no contact: `contact_id`, the key, is the channel and the month, `whatsapp:2026-11`.
    """

    channel: Channel
    month: str
    threshold_percent: int
    used: int
    allotment: int
    cost: Decimal
    """The channel's part of what the month costs so far, by the contract's plan."""
    currency: str | None = None
    """None, as the two below, in records of before plans were files."""
    plan: str | None = None
    prices_of: str | None = None
    """The first month of the plan's period whose prices were taken."""
    assumed: list[str] = []
    """Why the cost is no fact, as far as it is none."""


class MeterMoved(Event):
    """Deliveries that were metered under another id of this contact: they count here from now on.

    Billing's own; nobody else need read it. Times in UTC, by a short hash of the provider's message id.
    """

    channel: Channel
    account: str
    delivered: dict[str, Timestamp] = {}
    seen: dict[str, Timestamp] = {}
    conversations: dict[str, str] = {}
    facts: dict[str, str] = {}
    echoed: list[str] = []
    """Messages written on the number's own telephone: they do not count."""
    came_at: Timestamp | None = None
    """When what is handed on came to us."""
    through: list[str] = []
    """The contacts that handed them on, in order: two that were joined into each other must not for ever."""


class Note(StrEnum):
    """What the meter did not simply count."""

    ADJUSTMENT = "adjustment"  # it came after its time was settled: no session was edited
    CONFLICT = "conflict"  # one message id, delivered with two times (the earlier stands) or two payloads
    HELD = "held"  # its time has not come yet: it is counted when it has
    RELEASED = "released"  # its time has come
    REFUSED = "refused"  # its time is too far ahead to be a clock's error: it never counts


class MeterNoted(Event):
    """A status that the meter did not simply count, for whoever must decide about it.

    An adjustment names the month that it comes from (`month`) and the one that was running when it came
    (`noted_in`), both `YYYY-MM` in the institution's time zone. How many sessions it would have added to what
    was billed and adjusted before lies between `sessions_at_least` and `sessions_at_most`: the same, where
    the meter still can tell. `ventanilla recompute` always can, from the statuses.
    """

    note: Note
    channel: Channel
    account: str
    message: str
    """A short hash of the provider's message id (the first 16 hexadecimal digits of its SHA-256)."""
    at: Timestamp
    """The time that the status gives."""
    stands_at: Timestamp | None = None
    """Of a conflict: the time that stands."""
    month: str
    noted_in: str
    came_at: Timestamp | None = None
    """When it came to us: an adjustment stands in the statement of the month that closed next."""
    reason: str | None = None
    """Of an adjustment: `closed` (its month was), `settled` (its sessions were sealed) or `echoed` (a message
    that was billed turned out to be an echo). Of a conflict: `time` or `payload`."""
    sessions_at_least: int = 0
    sessions_at_most: int = 0
    cause_id: str


class MeterDue(Event):
    """The time of statuses that a meter holds has come: count them.

    Billing's own; nobody else need read it.
    """

    channel: Channel
    account: str
    due_at: Timestamp


class StatementLine(Contract):
    """One account's sessions of a month as they are billed, for good."""

    channel: Channel
    account: str
    sessions: int
    messages: int
    digest: str
    """SHA-256 of the account's ledger of the month; docs/metering.md says of which text."""


class StatementAdjustment(Contract):
    """What came for an earlier month after that month was closed. The earlier statement is not edited."""

    channel: Channel
    account: str
    month: str
    """The month that it comes from, `YYYY-MM`."""
    messages: int
    sessions_at_least: int
    sessions_at_most: int


class StatementClosed(Event):
    """A month was closed: what is billed for it. Published once for each month.

    It concerns no contact: `contact_id`, the key, is the month, `2026-11`.
    """

    month: str
    closed_at: Timestamp
    plan: str
    prices_of: str
    """The first month of the plan's period whose prices were taken."""
    currency: str
    cost: Decimal
    """Of the month's own sessions; what adjustments cost is theirs, below."""
    lines: list[StatementLine]
    adjustments: list[StatementAdjustment] = []
    adjustments_cost_at_least: Decimal = Decimal(0)
    adjustments_cost_at_most: Decimal = Decimal(0)
