"""What holds of every plan and every month: tiers, splits, sums, break-even points."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from billing.plans.models import Plan, Tier, Unit
from billing.plans.offers import break_even_volumes, offer_table
from billing.plans.pricing import Used, month_cost, units_cost
from ventanilla.contracts.channel import Channel

prices = st.decimals(min_value=0, max_value=10, places=4).map(lambda price: f"{price:f}")
seats = st.integers(1, 20)


@st.composite
def tiers(draw: st.DrawFn) -> list[dict[str, Any]]:
    bounds = sorted(draw(st.sets(st.integers(1, 5_000), max_size=4)))
    found: list[dict[str, Any]] = []
    start = 1
    for bound in bounds:
        found.append({"from": start, "to": bound, "price": draw(prices)})
        start = bound + 1
    return [*found, {"from": start, "price": draw(prices)}]


@st.composite
def plans(draw: st.DrawFn, name: str = "one") -> Plan:
    return Plan.model_validate(
        {
            "id": name, "name": name, "currency": "USD", "source": "generated",
            "rounding": {"to": "0.01", "mode": draw(st.sampled_from(["half_up", "half_even"]))},
            "offer": {"date": "2023-01-01", "months": 3, "channel": "whatsapp", "volume": 100},
            "one_time": [{"name": "once", "price": draw(prices), "month": draw(st.integers(1, 3))}],
            "periods": [
                {
                    "from": "2023-05", "to": "2023-06", "source": "generated", "unit": "session",
                    "monthly": [{"name": "monthly", "price": draw(prices)}],
                    "licences": [{"name": "seats", "quantity": draw(seats), "price": draw(prices)}],
                    "usage": [draw(usage_lines())],
                },
                {
                    "from": "2023-07", "source": "generated", "unit": "session",
                    "monthly": [{"name": "monthly", "price": draw(prices)}],
                    "usage": [draw(usage_lines())],
                },
            ],
        }
    )  # fmt: skip


@st.composite
def usage_lines(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "name": "sessions", "channel": "whatsapp", "included": draw(st.integers(0, 3_000)),
        "tiers": draw(tiers()),
    }  # fmt: skip


def sessions(quantity: int, account: str = "number") -> Used:
    return Used(account, Channel.WHATSAPP, Unit.SESSION, quantity)


parsed_tiers = tiers().map(lambda found: [Tier.model_validate(tier) for tier in found])


@given(parsed_tiers, st.integers(0, 10_000))
def test_tiers_are_continuous_and_never_fall(found: list[Tier], units: int) -> None:
    """One unit more costs exactly its own tier's price: no step at a bound, no fall anywhere."""
    step = units_cost(found, 1, units + 1) - units_cost(found, 1, units)
    (own,) = [t for t in found if t.start <= units + 1 and (t.end is None or units + 1 <= t.end)]
    assert step == own.price >= 0


@given(parsed_tiers, st.lists(st.integers(0, 3_000), max_size=6))
def test_any_split_of_a_months_units_costs_the_same(found: list[Tier], parts: list[int]) -> None:
    ends = [0]
    for part in parts:
        ends.append(ends[-1] + part)
    split = sum((units_cost(found, low + 1, high) for low, high in pairwise(ends)), Decimal(0))
    assert split == units_cost(found, 1, ends[-1])


@given(plans(), st.lists(st.integers(0, 3_000), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_a_month_costs_the_same_however_its_usage_is_handed_over(
    plan: Plan, parts: list[int], random: Any
) -> None:
    usage = [sessions(part, account=f"number-{place % 2}") for place, part in enumerate(parts)]
    random.shuffle(usage)
    whole = month_cost(plan, "2023-05", [sessions(sum(parts))])
    assert month_cost(plan, "2023-05", usage).total == whole.total


@given(plans(), st.integers(0, 10_000), st.sampled_from(["2023-05", "2023-06", "2023-07", "2030-01"]))
def test_a_total_is_the_sum_of_its_lines_in_whole_cents(plan: Plan, volume: int, month: str) -> None:
    cost = month_cost(plan, month, [sessions(volume)])
    assert cost.total == sum((line.amount for line in cost.lines), Decimal(0))
    assert all(line.amount == line.amount.quantize(Decimal("0.01")) for line in cost.lines)
    assert cost.unpriced == ()


@given(plans(), st.integers(0, 10_000), st.integers(0, 10_000))
def test_more_usage_never_costs_less(plan: Plan, one: int, other: int) -> None:
    low, high = sorted((one, other))
    cheap, dear = (month_cost(plan, "2023-07", [sessions(volume)]) for volume in (low, high))
    assert cheap.total <= dear.total


@given(plans())
def test_an_offer_totals_its_months_and_charges_what_is_paid_once_once(plan: Plan) -> None:
    table = offer_table(plan, 50)
    assert table.total == sum((month.total for month in table.months), Decimal(0))
    assert [line.name for month in table.months for line in month.lines].count("once") == 1


@given(plans("one"), plans("other"), st.lists(st.integers(0, 12_000), max_size=5))
def test_between_break_even_points_the_same_offer_stays_the_cheaper(
    one: Plan, other: Plan, volumes: list[int]
) -> None:
    points = break_even_volumes(one, other)
    assert points[0].volume == 0
    assert all(low.volume < high.volume for low, high in pairwise(points))
    near = [volume for point in points for volume in (point.volume, point.volume - 1) if volume >= 0]
    for volume in [*volumes, *(volume for volume in near if volume < 10**6)]:
        holding = [point for point in points if point.volume <= volume][-1]
        difference = offer_table(one, volume).total - offer_table(other, volume).total
        # Every month rounds each line once: three months and a few lines may hide less than a few cents.
        if abs(difference) > Decimal("0.10"):
            assert holding.cheaper == ("one" if difference < 0 else "other")
