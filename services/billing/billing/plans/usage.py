"""Usage in messages, from the same statuses that sessions are made of. Pure.

A message counts once, by the provider's id, in the month (by the institution's calendar) in which it was
delivered: at the time of `delivered`, or of `read` or `played` where no `delivered` came. Its category and
pricing type are what the provider reported first, on whichever status of it. A function of the set of
statuses: no order, and no repetition, changes it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from billing.plans.models import Unit
from billing.plans.pricing import Used
from ventanilla.contracts.channel import Channel, DeliveryStatus, MessageStatus

UNKNOWN = "unknown"
"""The category of a message of which the provider reported none: no plan prices it, so it is shown."""

_INDIRECT = frozenset({DeliveryStatus.READ, DeliveryStatus.PLAYED})

Priced = tuple[datetime, int, str, str]
"""When and with which status it was reported, the category, the pricing type."""


@dataclass(slots=True)
class _Message:
    delivered: tuple[bool, datetime] | None = None
    priced: Priced | None = None

    def learn(self, status: MessageStatus) -> None:
        indirect = status.status in _INDIRECT
        if indirect or status.status is DeliveryStatus.DELIVERED:
            fact = indirect, status.occurred_at
            self.delivered = fact if self.delivered is None else min(self.delivered, fact)
        if status.pricing is not None and status.pricing.category is not None:
            kind = status.pricing.category.lower(), status.pricing.type or ""
            priced = status.occurred_at, status.status.rank, *kind
            self.priced = priced if self.priced is None else min(self.priced, priced)


def message_usage(statuses: Iterable[MessageStatus], zone: ZoneInfo) -> dict[str, list[Used]]:
    """Delivered messages by month. Memory grows with the messages, not with the statuses."""
    messages: dict[tuple[Channel, str, str], _Message] = {}
    for status in statuses:
        if status.provider_message_id is not None:
            key = status.channel, status.account, status.provider_message_id
            messages.setdefault(key, _Message()).learn(status)
    counted: Counter[tuple[str, Used]] = Counter()
    for (channel, account, _), message in messages.items():
        if message.delivered is not None:
            month = f"{message.delivered[1].astimezone(zone):%Y-%m}"
            category, kind = message.priced[2:] if message.priced else (UNKNOWN, "")
            counted[month, Used(account, channel, Unit.MESSAGE, 0, category, kind or None)] += 1
    return _by_month(counted)


def session_usage(opened: Iterable[tuple[str, Channel, str]]) -> dict[str, list[Used]]:
    """Sessions by month, of the month, channel and account of each."""
    counted = Counter((month, Used(account, channel, Unit.SESSION, 0)) for month, channel, account in opened)
    return _by_month(counted)


def _by_month(counted: Counter[tuple[str, Used]]) -> dict[str, list[Used]]:
    found: dict[str, list[Used]] = {}
    ordered = sorted(counted.items(), key=lambda one: (one[0][0], str(one[0][1])))
    for (month, kind), quantity in ordered:
        found.setdefault(month, []).append(
            Used(kind.account, kind.channel, kind.unit, quantity, kind.category, kind.pricing_type)
        )
    return found
