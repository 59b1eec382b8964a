"""A month against its allotment, in whole sessions and exact money."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from ventanilla.institution import Allotment

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Balance:
    """Where a month stands."""

    month: str
    allotment: int
    used: int
    left: int
    overage: int
    cost: Decimal
    """Monthly price and overage, in the contract's currency, rounded half up to cents once, at the end."""


def balance(month: str, used: int, contract: Allotment | None) -> Balance:
    """`contract` None: the channel is unlimited and free."""
    if contract is None:
        return Balance(month, 0, used, 0, 0, Decimal("0.00"))
    included = contract.conversations
    overage = max(0, used - included)
    cost = contract.monthly_price + overage * contract.price_per_conversation
    return Balance(
        month, included, used, max(0, included - used), overage, cost.quantize(CENT, ROUND_HALF_UP)
    )


def reached(used: int, contract: Allotment) -> list[int]:
    """The thresholds, in percent, that `used` sessions have reached, ascending."""
    return [
        threshold
        for threshold in sorted(contract.thresholds_percent)
        if used * 100 >= threshold * contract.conversations
    ]
