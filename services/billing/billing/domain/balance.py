"""A month against its allotment, in whole sessions and exact money."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.plans.pricing import MonthCost, Used
from billing.plans.terms import Terms
from ventanilla.contracts.channel import Channel
from ventanilla.institution import Allotment


@dataclass(frozen=True, slots=True)
class Balance:
    """Where a channel's month stands."""

    channel: Channel
    month: str
    allotment: int
    used: int
    left: int
    overage: int
    cost: Decimal
    """The channel's part of the month's cost by the contract's plan (see `Terms.channel_cost`)."""
    priced: MonthCost | None
    """By which prices, and what is assumed; None where nothing has a price."""


def balance(channel: Channel, month: str, usage: Sequence[Used], terms: Terms) -> Balance:
    """`usage`: the month's sessions, by account; of other channels too, or not: they change nothing here."""
    own = [one for one in usage if one.channel is channel]
    used = sum(one.quantity for one in own)
    allotment = terms.allotment(channel)
    included = allotment.conversations if allotment else 0
    priced = terms.cost(month, own)
    return Balance(
        channel,
        month,
        included,
        used,
        left=max(0, included - used),
        overage=max(0, used - included) if allotment else 0,
        cost=terms.channel_cost(priced, channel),
        priced=priced,
    )


def reached(used: int, contract: Allotment) -> list[int]:
    """The thresholds, in percent, that `used` sessions have reached, ascending."""
    return [
        threshold
        for threshold in sorted(contract.thresholds_percent)
        if used * 100 >= threshold * contract.conversations
    ]
