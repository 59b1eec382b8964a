"""What the meter says. Topics: `billing.session.v1`, `billing.allotment.v1`."""

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
    """A share of the month's allotment was used up, said once for each threshold and month."""

    month: str
    threshold_percent: int
    used: int
    allotment: int
    cost: Decimal | None = None
