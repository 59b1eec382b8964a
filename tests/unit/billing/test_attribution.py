"""A month's cost is shared out to the cent; a cell is read as it was written."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from billing.domain.attribution import Cell, Tally, cost_by_cell, shared_out

ZONE = ZoneInfo("America/El_Salvador")
NAMES = st.none() | st.sampled_from(["rprh", "comercio", 'un "nombre" raro'])
CELLS = st.builds(
    Cell,
    st.sampled_from(["2026-11-01", "2026-11-02", "2026-11-30"]),
    st.just("whatsapp"), st.sampled_from(["1", "2"]), NAMES, NAMES,
)  # fmt: skip
CENTS = st.integers(0, 10_000_000).map(lambda cents: Decimal(cents) / 100)


def test_cents_that_do_not_go_round_fall_to_the_largest_remainders() -> None:
    assert shared_out(Decimal("10.00"), {"a": 1, "b": 1, "c": 1}) == {
        "a": Decimal("3.34"), "b": Decimal("3.33"), "c": Decimal("3.33"),
    }  # fmt: skip
    assert shared_out(Decimal("0.05"), {"a": 1, "b": 2}) == {"a": Decimal("0.02"), "b": Decimal("0.03")}


def test_where_nobody_used_anything_there_is_nobody_to_share_with() -> None:
    assert shared_out(Decimal("3277.00"), {}) == {}
    assert cost_by_cell(Decimal("3277.00"), {}) == {}


def test_a_plan_that_rounds_to_less_than_a_cent_is_shared_out_whole_too() -> None:
    parts = shared_out(Decimal("1.0005"), {"a": 1, "b": 1})
    assert sum(parts.values()) == Decimal("1.0005")


@given(CENTS, st.dictionaries(st.integers(0, 50), st.integers(0, 30_000), max_size=12))
def test_parts_make_the_whole_and_none_is_a_cent_off(total: Decimal, weights: dict[int, int]) -> None:
    parts = shared_out(total, weights)
    whole = sum(weights.values())
    assert sum(parts.values()) == (total if whole else 0)
    for key, part in parts.items():
        assert abs(part - total * weights[key] / whole) < Decimal("0.01")


@given(CENTS, st.dictionaries(CELLS, st.integers(1, 3_000), min_size=1))
def test_what_an_area_bears_is_its_own_share_however_many_cells_it_has(
    total: Decimal, counts: dict[Cell, int]
) -> None:
    costs = cost_by_cell(total, {cell: Tally(count, count) for cell, count in counts.items()})
    assert costs.keys() == counts.keys()
    assert sum(costs.values()) == total
    whole = sum(counts.values())
    for area in {cell.area for cell in counts}:
        borne = sum(cost for cell, cost in costs.items() if cell.area == area)
        used = sum(count for cell, count in counts.items() if cell.area == area)
        assert abs(borne - total * used / whole) < Decimal("0.01")


@given(CELLS)
def test_a_cell_is_read_as_it_was_written(cell: Cell) -> None:
    assert Cell.read(cell.written) == cell


def test_a_session_opens_on_the_institutions_day() -> None:
    late = datetime(2026, 12, 1, 5, 59, tzinfo=UTC)  # 23:59 of the day before, in El Salvador
    assert Cell.of(ZONE, late, "whatsapp", "1").day == "2026-11-30"
