"""The forecast of a month's end: what it promises, and what it says when it knows little."""

import random
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.forecast import Forecast, Now, forecast

FIRST = date(2026, 10, 1)
MONTH = "2026-11"
MONTH_DAYS = [date(2026, 11, 1) + timedelta(days=number) for number in range(30)]

histories = st.dictionaries(
    st.integers(0, 60).map(lambda number: FIRST + timedelta(days=number)), st.integers(0, 2_000), max_size=61
)
moments = st.builds(
    Now,
    st.integers(0, 75).map(lambda number: FIRST + timedelta(days=number)),
    st.floats(0, 1),
    st.integers(0, 10_000),
)
allotments = st.none() | st.integers(0, 60_000)


def works(day: date) -> bool:
    return day.weekday() < 5


def steady(working: int, other: int, until: date, since: date = FIRST) -> dict[date, int]:
    """The same every day of a kind, before `until`."""
    days = [since + timedelta(days=number) for number in range((until - since).days)]
    return {day: working if works(day) else other for day in days}


@given(histories, moments, allotments)
def test_it_keeps_its_order_and_never_falls(
    counts: Mapping[date, int], now: Now, allotment: int | None
) -> None:
    found = forecast(MONTH, counts, now, works, allotment)
    assert found.used == sum(counts.get(day, 0) for day in MONTH_DAYS if day <= now.today)
    for point in found.points:
        assert point.used is None or point.used <= point.expected
        if point.low is not None:
            assert point.high is not None
            assert 0 <= point.low <= point.expected <= point.high
    for earlier, later in pairwise(found.points):
        assert later.day == earlier.day + timedelta(days=1)
        assert later.expected >= earlier.expected
        for one, next_one in ((earlier.low, later.low), (earlier.high, later.high)):
            assert one is None or next_one is None or next_one >= one
    if found.expected is not None:
        assert [point.day for point in found.points] == MONTH_DAYS
        assert found.expected >= found.used


@given(histories, moments, st.integers(0, 60_000), st.integers(0, 5_000))
def test_exhaustion_comes_in_order_and_never_sooner_with_more(
    counts: Mapping[date, int], now: Now, allotment: int, more: int
) -> None:
    dates = forecast(MONTH, counts, now, works, allotment).exhaustion
    known = [day for day in (dates.earliest, dates.expected, dates.latest) if day is not None]
    assert known == sorted(known)
    later = forecast(MONTH, counts, now, works, allotment + more).exhaustion
    for one, other in (
        (dates.expected, later.expected), (dates.earliest, later.earliest), (dates.latest, later.latest)
    ):  # fmt: skip
        assert other is None or (one is not None and one <= other)


@given(histories, st.integers(1, 40), allotments)
def test_a_month_that_is_over_is_what_was_counted(
    counts: Mapping[date, int], after: int, allotment: int | None
) -> None:
    found = forecast(MONTH, counts, Now(MONTH_DAYS[-1] + timedelta(days=after), 0.5), works, allotment)
    assert found.used == found.expected == found.low == found.high
    assert found.exhaustion.earliest == found.exhaustion.expected == found.exhaustion.latest
    assert (found.working.to_come, found.other.to_come) == (0, 0)


@given(histories, moments)
def test_a_day_that_is_not_there_had_no_sessions(counts: Mapping[date, int], now: Now) -> None:
    full = {FIRST + timedelta(days=number): 0 for number in range(80)} | dict(counts)
    assert forecast(MONTH, full, now, works) == forecast(MONTH, counts, now, works)


def test_working_days_and_others_are_expected_apart() -> None:
    # On Monday the 16th at midnight: 11 working days and 4 others are to come, today among them.
    found = forecast(
        MONTH, steady(1_000, 100, date(2026, 11, 16)), Now(date(2026, 11, 16), 0.0), works, 16_000
    )
    assert (found.working.days, found.working.mean, found.working.to_come) == (10, 1_000, 10)
    assert (found.other.days, found.other.mean, found.other.to_come) == (5, 100, 4)
    assert found.used == 10 * 1_000 + 5 * 100
    assert found.expected == pytest.approx(found.used + 11 * 1_000 + 4 * 100, abs=1)
    assert found.exhaustion.expected == date(2026, 11, 23)
    assert not found.month_before


def test_a_day_of_which_half_came_by_now_is_expected_to_bring_the_other_half() -> None:
    counts = steady(1_000, 0, date(2026, 11, 30)) | {date(2026, 11, 30): 700}
    quiet = forecast(MONTH, counts, Now(date(2026, 11, 30), 0.9, earlier=10_000), works)
    assert quiet.expected == pytest.approx(20_000 + 700 + 500, abs=1)
    late = forecast(MONTH, counts, Now(date(2026, 11, 30), 0.9, earlier=20_000), works)
    assert late.expected == pytest.approx(20_000 + 700, abs=1)


def test_in_the_first_days_the_month_before_is_taken_as_well_and_that_is_said() -> None:
    found = forecast(MONTH, steady(900, 90, date(2026, 11, 4)), Now(date(2026, 11, 4), 0.3), works, 28_000)
    assert found.month_before
    assert (found.working.days, found.other.days) == (22 + 2, 9 + 1)
    assert found.expected is not None


def test_a_system_that_is_new_is_not_said_to_have_been_silent() -> None:
    counts = steady(800, 80, date(2026, 11, 18), since=date(2026, 11, 9))
    found = forecast(MONTH, counts, Now(date(2026, 11, 18), 0.0), works)
    assert (found.working.days, found.working.mean) == (7, 800)
    assert (found.other.days, found.other.mean) == (2, 80)


def test_one_day_is_no_ground_for_an_interval_and_none_for_no_forecast() -> None:
    friday = date(2026, 11, 27)
    one = forecast(MONTH, {friday: 10, date(2026, 11, 28): 1}, Now(date(2026, 11, 29), 0.5), works)
    assert (one.used, one.low, one.high) == (11, None, None)
    assert one.expected is not None
    none = forecast(MONTH, {}, Now(date(2026, 11, 10), 0.5), works, 28_000)
    assert (none.used, none.expected, none.low) == (0, None, None)
    assert (none.exhaustion.expected, none.exhaustion.earliest) == (None, None)


def test_an_allotment_that_is_used_up_already_has_one_date() -> None:
    counts = steady(1_000, 100, date(2026, 11, 16))
    dates = forecast(MONTH, counts, Now(date(2026, 11, 16), 0.5), works, 3_100).exhaustion
    assert dates.earliest == dates.expected == dates.latest == date(2026, 11, 4)


def drawn(dice: random.Random, mean: float, scatter: float) -> int:
    """A day's count that scatters more than a Poisson's: about `scatter` of its mean."""
    return max(0, round(dice.gauss(mean, mean * scatter)))


@pytest.mark.parametrize("day", [3, 6, 12, 20])
def test_nine_of_ten_months_end_within_the_interval(day: int) -> None:
    dice = random.Random(day)
    today = date(2026, 11, day)
    span = [FIRST + timedelta(days=number) for number in range(61)]
    within = 0
    for _ in range(400):
        truth = {one: drawn(dice, 1_200 if works(one) else 150, 0.2) for one in span}
        so_far = {one: count for one, count in truth.items() if one < today}
        found: Forecast = forecast(MONTH, so_far, Now(today, 0.0), works)
        assert found.low is not None
        assert found.high is not None
        within += found.low <= sum(truth[one] for one in MONTH_DAYS) <= found.high
    assert 0.86 <= within / 400 <= 0.97
