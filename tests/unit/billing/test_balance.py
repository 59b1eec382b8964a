"""A month against its allotment."""

from decimal import Decimal

import pytest

from billing.domain.balance import balance, reached
from ventanilla.contracts.channel import Channel
from ventanilla.institution import Allotment

CONTRACT = Allotment(
    channel=Channel.WHATSAPP,
    conversations=28_000,
    monthly_price=Decimal("3277.00"),
    price_per_conversation=Decimal("0.0855"),
)


@pytest.mark.parametrize(
    ("used", "left", "overage", "cost"),
    [
        (0, 28_000, 0, "3277.00"),
        (28_000, 0, 0, "3277.00"),
        (28_001, 0, 1, "3277.09"),
        (28_010, 0, 10, "3277.86"),  # 0.855 rounds half up, once
    ],
)
def test_overage_costs_to_the_cent(used: int, left: int, overage: int, cost: str) -> None:
    state = balance("2026-11", used, CONTRACT)
    assert (state.left, state.overage, str(state.cost)) == (left, overage, cost)


def test_an_unlimited_channel_costs_nothing() -> None:
    assert str(balance("2026-11", 5, None).cost) == "0.00"


@pytest.mark.parametrize(
    ("used", "thresholds"),
    [(13_999, []), (14_000, [50]), (25_200, [50, 80, 90]), (30_000, [50, 80, 90, 100])],
)
def test_thresholds_are_reached_at_their_very_session(used: int, thresholds: list[int]) -> None:
    assert reached(used, CONTRACT) == thresholds
