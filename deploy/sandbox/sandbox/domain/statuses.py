"""Which statuses follow a send, when, and what they say of price and conversation."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.domain.errors import status_error

FREE_SERVICE_MESSAGES = 1000
"""A number's free service messages a month, since 1 October 2026 (Meta's price list)."""
WINDOW = timedelta(hours=24)


@dataclass(frozen=True)
class Behaviour:
    """How a phone's statuses misbehave."""

    duplicate_statuses: int = 0
    """How many times each status comes again."""
    late_sent: bool = False
    """`sent` comes after the others."""
    skip_delivered: bool = False
    """`read` comes at once, and no `delivered` ever."""
    silent: bool = False
    """No status comes at all: the phone is switched off."""


@dataclass(frozen=True)
class Planned:
    """A status to come: `after` seconds from now, stamped `at` by the phone's clock (UTC)."""

    status: str
    after: float
    at: datetime


def plan(behaviour: Behaviour, now: datetime, delay: float, failed: bool) -> list[Planned]:
    """The statuses of a message accepted at `now`, in the order in which they are sent.

    They are stamped in their true order, whatever the order of sending.
    """
    if behaviour.silent:
        return []
    kinds = ["failed"] if failed else ["sent", "delivered", "read"]
    if behaviour.skip_delivered and "delivered" in kinds:
        kinds.remove("delivered")
    stamped = [(kind, now + timedelta(seconds=delay * step)) for step, kind in enumerate(kinds)]
    if behaviour.late_sent and not failed:
        stamped = [*stamped[1:], stamped[0]]
    return [
        Planned(kind, delay * step, at)
        for step, (kind, at) in enumerate(stamped, 1)
        for _ in range(1 + behaviour.duplicate_statuses)
    ]


@dataclass(frozen=True)
class Sold:
    """What the provider says of the price of one message, and of its own idea of the conversation."""

    category: str
    billable: bool
    conversation_id: str
    expires_at: datetime

    def pricing(self) -> dict[str, Any]:
        return {
            "billable": self.billable,
            "pricing_model": "PMP",
            "category": self.category,
            "type": "regular" if self.billable else "free_customer_service",
        }

    def conversation(self) -> dict[str, Any]:
        return {
            "id": self.conversation_id,
            "expiration_timestamp": str(int(self.expires_at.timestamp())),
            "origin": {"type": self.category},
        }


def status_object(
    planned: Planned,
    message_id: str,
    recipient: dict[str, str],
    sold: Sold | None,
    opaque: str | None,
    error: int | None,
) -> dict[str, Any]:
    """One item of a webhook's `statuses`. `recipient` has `recipient_id`, `recipient_user_id` or both.

    `sold` is None of what was written on the business's own telephone: that has no price.
    """
    body: dict[str, Any] = {
        "id": message_id,
        "status": planned.status,
        "timestamp": str(int(planned.at.timestamp())),
        **recipient,
    }
    if opaque is not None:
        body["biz_opaque_callback_data"] = opaque
    if planned.status == "failed" and error is not None:
        body["errors"] = [status_error(error)]
    elif sold is not None:
        if planned.status == "sent":
            body["conversation"] = sold.conversation()
        body["pricing"] = sold.pricing()
    return body
