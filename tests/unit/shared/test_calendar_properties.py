"""What holds for every schedule, zone and moment."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from ventanilla.calendar import HORIZON, OfficeHours
from ventanilla.schedule import (
    WEEKDAYS,
    DatedException,
    EasterClosure,
    NationalHolidays,
    Schedule,
    Span,
    YearlyClosure,
)

ZONES = [
    "America/El_Salvador",
    "America/New_York",
    "Europe/Madrid",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "UTC",
]
_EPOCH = datetime(2022, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


def _time(minutes: int) -> time:
    return time(minutes // 60, minutes % 60)


@st.composite
def days(draw: st.DrawFn) -> list[Span]:
    edges = sorted(draw(st.sets(st.integers(0, 24 * 60), max_size=6)))
    return [
        Span(opens=_time(start), closes=None if end == 24 * 60 else _time(end))
        for start, end in list(pairwise(edges))[::2]
    ]


month_days = st.dates(date(2024, 1, 1), date(2024, 12, 31)).map(lambda day: day.strftime("%m-%d"))
dates = st.dates(date(2022, 1, 1), date(2028, 1, 1))


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    easter = sorted(draw(st.tuples(st.integers(-60, 60), st.integers(-60, 60))))
    return Schedule(
        weekly={day: draw(days()) for day in draw(st.sets(st.sampled_from(WEEKDAYS)))},
        holidays=draw(st.sampled_from([None, NationalHolidays(country="SV", subdivision="SS")])),
        yearly_closures=[
            YearlyClosure(start=draw(month_days), end=draw(month_days), name="cierre")
            for _ in range(draw(st.integers(0, 2)))
        ],
        easter_closures=[EasterClosure(start=easter[0], end=easter[1], name="pascua")],
        exceptions=[
            DatedException(date=day, open=draw(days()), reason="decreto")
            for day in draw(st.sets(dates, max_size=3))
        ],
    )


offices = st.builds(OfficeHours, schedules(), st.sampled_from(ZONES).map(ZoneInfo))
moments = st.timedeltas(timedelta(), timedelta(days=6 * 365)).map(lambda since: _EPOCH + since)


@given(offices, moments)
def test_the_office_opens_at_its_next_opening_and_not_a_minute_before(
    office: OfficeHours, at: datetime
) -> None:
    opening = office.next_opening(at)
    if opening is None:
        return
    assert at < opening < at + HORIZON + timedelta(days=2)
    assert office.is_open(opening)
    assert not office.is_open(opening - timedelta(microseconds=1))
    assert opening.tzinfo is UTC


@given(offices, moments)
def test_the_office_closes_at_its_next_closing_and_not_a_minute_before(
    office: OfficeHours, at: datetime
) -> None:
    closing = office.next_closing(at)
    if closing is None:
        return
    assert at < closing
    assert not office.is_open(closing)
    assert office.is_open(closing - timedelta(microseconds=1))


@given(offices, moments, st.floats(0, 1))
def test_between_now_and_the_next_change_nothing_changes(
    office: OfficeHours, at: datetime, share: float
) -> None:
    now_open = office.is_open(at)
    change = office.next_closing(at) if now_open else office.next_opening(at)
    between = at + ((change or at + HORIZON) - at) * share * 0.999_999
    assert office.is_open(between) is now_open


@given(offices, moments, st.integers(0, 6000), st.integers(1, 6000))
def test_counted_office_time_adds_up(office: OfficeHours, at: datetime, first: int, second: int) -> None:
    middle = office.after_open_time(at, first * _MINUTE)
    whole = office.after_open_time(at, (first + second) * _MINUTE)
    if middle is None or whole is None:
        assert whole is None
        return
    assert office.after_open_time(middle, second * _MINUTE) == whole
    assert at + (first + second) * _MINUTE <= whole


@given(offices, moments)
def test_a_clock_that_runs_only_in_office_hours_never_rings_while_closed(
    office: OfficeHours, at: datetime
) -> None:
    rings = office.after_open_time(at, _MINUTE)
    if rings is not None:
        assert office.is_open(rings - timedelta(microseconds=1))
