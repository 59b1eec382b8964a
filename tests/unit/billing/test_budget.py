"""The budget of 30,000.00: what finance reads in the middle of it, at its end, and when it will not do."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from billing.plans.budget import BudgetState, MonthState, budget_state, mean_usage
from billing.plans.loader import load_budget, load_plans
from billing.plans.models import Unit
from billing.plans.months import months_between, months_later
from billing.plans.pricing import Used
from stack.state import CHECKOUT
from ventanilla.contracts.channel import Channel

CONFIG = CHECKOUT / "deploy" / "config"
PLANS = load_plans(CONFIG / "plans")
BUDGET = load_budget(CONFIG / "budget.yaml", PLANS)
MOVISTAR = PLANS["movistar"]


def used(quantity: int) -> list[Used]:
    return [Used("number", Channel.WHATSAPP, Unit.SESSION, quantity)]


def money(state: BudgetState) -> dict[str, str]:
    return {
        "spent": str(state.spent),
        "committed": str(state.committed),
        "left": str(state.left),
        "forecast": str(state.forecast),
        "forecast_left": str(state.forecast_left),
    }


def test_before_it_begins_all_of_the_contract_is_committed() -> None:
    assert money(budget_state(BUDGET, MOVISTAR, {}, "2023-04")) == {
        "spent": "0.00",
        "committed": "26894.00",
        "left": "3106.00",
        "forecast": "26894.00",
        "forecast_left": "3106.00",
    }


def test_in_the_middle_closed_months_are_spent_and_the_rest_is_committed() -> None:
    usage = {"2023-05": used(28_000), "2023-06": used(29_000), "2023-07": used(5_000)}
    state = budget_state(BUDGET, MOVISTAR, usage, "2023-07")
    assert [month.state for month in state.months[1:4]] == [
        MonthState.CLOSED, MonthState.CURRENT, MonthState.COMING,
    ]  # fmt: skip
    assert [str(month.spent) for month in state.months[:3]] == ["3955.00", "3394.10", "0.00"]
    assert str(state.months[2].committed) == "3277.00"
    # The mean of the closed months is 28,500: each month to come is expected to pay 500 beyond.
    assert str(state.months[2].forecast) == "3335.55"
    assert state.expected == tuple(used(28_500))
    assert money(state) == {
        "spent": "7349.10",
        "committed": "19662.00",
        "left": "2988.90",
        "forecast": "27362.40",
        "forecast_left": "2637.60",
    }
    assert state.exceeded_in is None


def test_when_it_is_over_everything_is_spent() -> None:
    state = budget_state(BUDGET, MOVISTAR, {}, "2026-11")
    assert (str(state.spent), str(state.committed), str(state.left)) == ("26894.00", "0.00", "3106.00")


def test_the_month_in_which_the_money_ends_is_named() -> None:
    state = budget_state(BUDGET, MOVISTAR, {"2023-05": used(34_000)}, "2023-06")
    assert state.exceeded_in == "2023-12"
    assert state.forecast_left < 0


def test_what_is_expected_may_be_told() -> None:
    state = budget_state(BUDGET, MOVISTAR, {}, "2023-05", expected=used(30_000))
    assert str(state.forecast) == "28767.60"


@given(
    st.dictionaries(st.sampled_from(months_between("2023-05", "2023-12")), st.integers(0, 60_000)),
    st.integers(-2, 9),
)
def test_the_money_always_adds_up(volumes: dict[str, int], place: int) -> None:
    usage = {month: used(volume) for month, volume in volumes.items()}
    state = budget_state(BUDGET, MOVISTAR, usage, months_later("2023-05", place))
    assert state.spent + state.committed + state.left == Decimal("30000.00")
    assert state.months[-1].left == state.left
    assert all(month.forecast >= month.spent + month.committed for month in state.months)
    assert all(month.spent == 0 or month.committed == 0 for month in state.months)


def test_the_mean_of_months_rounds_up_and_counts_months_without_usage() -> None:
    assert mean_usage([used(3), used(2), []]) == used(2)
    assert mean_usage([[]]) == []


@given(st.integers(0, 200_000), st.integers(-500, 500))
def test_months_go_on_and_come_back(start: int, count: int) -> None:
    month = months_later("2023-05", start % 2_000)
    assert months_later(months_later(month, count), -count) == month


def test_a_month_that_is_over_is_spent_when_it_has_settled_and_committed_until_then() -> None:
    usage = {"2023-05": used(28_000), "2023-06": used(28_010)}
    state = budget_state(BUDGET, MOVISTAR, usage, "2023-07", open_from="2023-06")
    june = state.months[1]
    assert [one.state for one in state.months[:3]] == [
        MonthState.CLOSED, MonthState.SETTLING, MonthState.CURRENT,
    ]  # fmt: skip
    assert (str(june.spent), str(june.committed), str(june.forecast)) == ("0.00", "3278.17", "3278.17")
    settled = budget_state(BUDGET, MOVISTAR, usage, "2023-07", open_from="2023-07")
    assert (settled.left, settled.forecast) == (state.left, state.forecast), "settling moves no money"
    assert str(settled.months[1].spent) == "3278.17"
