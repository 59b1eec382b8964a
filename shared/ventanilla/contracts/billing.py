"""What the meter says. Topics: `billing.session.v1`, `billing.allotment.v1`, `billing.meter.moved.v1`."""

from decimal import Decimal
from enum import StrEnum

from ventanilla.contracts.channel import Channel
from ventanilla.contracts.event import Event, Timestamp


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


class MeterMoved(Event):
    """Deliveries that were metered under another id of this contact: they count here from now on.

    Billing's own; nobody else need read it. Times in UTC, by a short hash of the provider's message id.
    """

    channel: Channel
    account: str
    delivered: dict[str, Timestamp] = {}
    seen: dict[str, Timestamp] = {}
    through: list[str] = []
    """The contacts that handed them on, in order: two that were joined into each other must not for ever."""
