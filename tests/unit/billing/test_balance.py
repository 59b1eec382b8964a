"""A month against its allotment."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.balance import balance, reached
from billing.plans.loader import load_plan
from billing.plans.models import Unit
from billing.plans.pricing import Used
from billing.plans.terms import Terms
from ventanilla.contracts.channel import Channel
from ventanilla.institution import Allotment

CONTRACT = Allotment(channel=Channel.WHATSAPP, conversations=28_000, plan="movistar")
TERMS = Terms((CONTRACT,), load_plan(Path("deploy/config/plans/movistar.yaml")))


def whatsapp(quantity: int) -> Used:
    return Used("1", Channel.WHATSAPP, Unit.SESSION, quantity)


@pytest.mark.parametrize(
    ("used", "left", "overage", "cost"),
    [
        (0, 28_000, 0, "3277.00"),
        (28_000, 0, 0, "3277.00"),
        (28_001, 0, 1, "3277.12"),
        (28_015, 0, 15, "3278.76"),  # 1.7565 rounds half up, once
    ],
)
def test_overage_costs_to_the_cent(used: int, left: int, overage: int, cost: str) -> None:
    state = balance(Channel.WHATSAPP, "2023-06", [whatsapp(used)], TERMS)
    assert (state.left, state.overage, str(state.cost)) == (left, overage, cost)


def test_a_month_that_the_plan_does_not_cover_says_whose_prices_were_taken() -> None:
    now = balance(Channel.WHATSAPP, "2026-11", [whatsapp(28_001)], TERMS).priced
    then = balance(Channel.WHATSAPP, "2023-06", [whatsapp(28_000)], TERMS).priced
    assert now is not None
    assert then is not None
    assert (now.plan, now.prices_of, now.in_force) == ("movistar", "2023-05", False)
    assert now.assumed[0] == "plan movistar has no prices for 2026-11: those of 2023-05 were taken"
    assert now.assumed[1].startswith("The document has no price beyond 28,000")
    assert (then.in_force, then.assumed) == (True, [])


def test_an_unlimited_channel_costs_nothing_of_its_own() -> None:
    chat = [Used("web", Channel.WEBCHAT, Unit.SESSION, 5)]
    state = balance(Channel.WEBCHAT, "2023-06", chat, TERMS)
    assert (state.used, state.allotment, state.overage, str(state.cost)) == (5, 0, 0, "0.00")
    assert str(balance(Channel.WEBCHAT, "2023-06", chat, Terms()).cost) == "0.00"


@given(st.integers(0, 60_000), st.integers(0, 60_000))
def test_the_channels_parts_are_the_whole_month_to_the_cent(on_whatsapp: int, on_chat: int) -> None:
    usage = [whatsapp(on_whatsapp), Used("web", Channel.WEBCHAT, Unit.SESSION, on_chat)]
    whole = TERMS.cost("2023-05", usage)
    assert whole is not None
    parts = [balance(channel, "2023-05", usage, TERMS).cost for channel in Channel]
    assert sum(parts, Decimal("0.00")) == whole.total


@pytest.mark.parametrize(
    ("used", "thresholds"),
    [(13_999, []), (14_000, [50]), (25_200, [50, 80, 90]), (30_000, [50, 80, 90, 100])],
)
def test_thresholds_are_reached_at_their_very_session(used: int, thresholds: list[int]) -> None:
    assert reached(used, CONTRACT) == thresholds
