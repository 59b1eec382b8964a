"""What the institution pays by: its allotments, under the plan of its contract. Pure.

The one way to price a month, for whoever shows or publishes a cost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.plans.models import Plan
from billing.plans.pricing import MonthCost, Used, as_if
from ventanilla.contracts.channel import Channel
from ventanilla.institution import Allotment

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Terms:
    """`plan` is the one of every allotment; None where there is no allotment: then nothing has a price."""

    allotments: tuple[Allotment, ...] = ()
    plan: Plan | None = None

    def allotment(self, channel: Channel) -> Allotment | None:
        """What the contract includes on a channel, or None when it is unlimited."""
        return next((one for one in self.allotments if one.channel is channel), None)

    def cost(self, month: str, usage: Sequence[Used]) -> MonthCost | None:
        """The whole month, every channel together.

        Outside the plan's validity at its nearest prices, which `MonthCost.assumed` then says.
        """
        return None if self.plan is None else as_if(self.plan, month, usage)

    def channel_cost(self, cost: MonthCost | None, channel: Channel) -> Decimal:
        """A channel's part of it: its own usage, and with the first allotment what is the same every month.

        The parts of all channels sum to the whole, to the cent.
        """
        if cost is None:
            return ZERO
        bearer = self.allotments[0].channel
        own = (line for line in cost.lines if (line.channel or bearer) is channel)
        return sum((line.amount for line in own), ZERO)
