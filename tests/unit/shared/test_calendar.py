"""When an office is open: what a citizen at its door would find."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.easter import easter  # type: ignore[import-untyped]

from ventanilla.calendar import OfficeHours, easter_sunday
from ventanilla.schedule import Schedule

SALVADOR = ZoneInfo("America/El_Salvador")

CNR: dict[str, Any] = {
    "weekly": {day: ["07:30-16:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
    "holidays": {"country": "SV", "subdivision": "SS"},
    "easter_closures": [{"start": -8, "end": 0, "name": "Semana Santa"}],
    "yearly_closures": [
        {"start": "08-01", "end": "08-06", "name": "Fiestas agostinas"},
        {"start": "12-24", "end": "01-02", "name": "Fin de año"},
    ],
    "exceptions": [
        {"date": "2023-06-23", "open": ["07:30-14:00"], "reason": "Cierre anticipado"},
        {"date": "2026-12-28", "open": ["08:00-10:00"], "reason": "Turno de fin de año"},
        {"date": "2026-05-01", "open": ["09:00-12:00"], "reason": "Jornada extraordinaria"},
        {"date": "2026-11-24", "open": [], "reason": "Fumigación"},
    ],
}


def hours(zone: str = "America/El_Salvador", **changes: Any) -> OfficeHours:
    return OfficeHours(Schedule.model_validate({**CNR, **changes}), ZoneInfo(zone))


def local(text: str, zone: ZoneInfo = SALVADOR) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def shown(at: datetime | None, zone: ZoneInfo = SALVADOR) -> str | None:
    return None if at is None else at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-23 07:29:59", False),
        ("2026-11-23 07:30", True),
        ("2026-11-23 15:59:59", True),
        ("2026-11-23 16:00", False),
        ("2026-11-22 10:00", False),  # a Sunday
        ("2026-11-02 10:00", False),  # All Souls, a national holiday
        ("2026-08-05 10:00", False),  # the capital's feast
        ("2026-08-04 10:00", False),  # only the yearly closure says so
        ("2026-03-30 10:00", False),  # Monday of Semana Santa
        ("2026-04-05 10:00", False),  # Easter Sunday
        ("2026-04-06 10:00", True),  # Easter Monday
        ("2026-03-27 10:00", True),  # the Friday before: nine days before Easter
        ("2026-12-23 10:00", True),
        ("2026-12-24 10:00", False),
        ("2026-12-31 10:00", False),
        ("2027-01-01 10:00", False),
        ("2027-01-04 07:30", True),
        ("2023-06-23 13:59", True),  # closed early by decree
        ("2023-06-23 14:00", False),
        ("2026-12-28 09:00", True),  # an exception stands above a closure
        ("2026-12-28 10:00", False),
        ("2026-05-01 11:59", True),  # and above a holiday
        ("2026-11-24 10:00", False),  # and above the weekly hours
    ],
)
def test_the_door_is_open_or_not(at: str, is_open: bool) -> None:
    assert hours().is_open(local(at)) is is_open


@pytest.mark.parametrize(
    ("after", "opening"),
    [
        ("2026-11-20 16:00", "2026-11-23 07:30"),  # over the weekend
        ("2026-11-23 07:29", "2026-11-23 07:30"),  # in a minute
        ("2026-11-23 07:30", "2026-11-25 07:30"),  # just opened; the 24th is closed by an exception
        ("2026-12-29 12:00", "2027-01-04 07:30"),  # over New Year and its weekend
        ("2026-03-27 18:00", "2026-04-06 07:30"),  # over Semana Santa
        ("2023-06-23 14:00", "2023-06-26 07:30"),
    ],
)
def test_the_next_opening(after: str, opening: str) -> None:
    assert shown(hours().next_opening(local(after))) == opening


@pytest.mark.parametrize(
    ("at", "closing"),
    [
        ("2026-11-23 10:00", "2026-11-23 16:00"),
        ("2026-11-23 16:00", "2026-11-25 16:00"),
        ("2023-06-23 08:00", "2023-06-23 14:00"),
    ],
)
def test_the_next_closing(at: str, closing: str) -> None:
    assert shown(hours().next_closing(local(at))) == closing


def test_answers_are_in_utc() -> None:
    opening = hours().next_opening(local("2026-11-20 16:00"))
    assert opening == datetime(2026, 11, 23, 13, 30, tzinfo=UTC)
    assert opening.tzinfo is UTC


def test_an_office_with_a_lunch_break_opens_twice_a_day() -> None:
    lunch = hours(weekly={"mon": ["13:00-16:00", "08:00-12:00"]})
    assert [span.opens for span in lunch.spans(date(2026, 11, 23))] == [time(8), time(13)]
    assert not lunch.is_open(local("2026-11-23 12:30"))
    assert shown(lunch.next_opening(local("2026-11-23 12:00"))) == "2026-11-23 13:00"


def test_a_night_written_as_two_spans_is_one_stretch() -> None:
    night = hours(weekly={"mon": ["22:00-24:00"], "tue": ["00:00-06:00"]})
    assert night.is_open(local("2026-11-16 23:59:59"))
    assert night.is_open(local("2026-11-17 00:00"))
    assert shown(night.next_closing(local("2026-11-16 22:30"))) == "2026-11-17 06:00"
    assert shown(night.next_opening(local("2026-11-16 22:30"))) != "2026-11-17 00:00"


def test_an_office_that_never_closes_never_opens_either() -> None:
    always = OfficeHours(
        Schedule.model_validate(
            {"weekly": {d: ["00:00-24:00"] for d in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}}
        ),
        SALVADOR,
    )
    at = local("2026-11-23 10:00")
    assert always.is_open(at)
    assert always.next_opening(at) is None
    assert always.next_closing(at) is None


def test_an_office_that_never_opens_says_so() -> None:
    never = OfficeHours(Schedule(weekly={}), SALVADOR)
    at = local("2026-11-23 10:00")
    assert not never.is_open(at)
    assert never.next_opening(at) is None
    assert never.after_open_time(at, timedelta(minutes=1)) is None


@pytest.mark.parametrize(
    ("start", "counted", "end"),
    [
        ("2026-11-16 10:00", timedelta(hours=2), "2026-11-16 12:00"),
        ("2026-11-16 15:00", timedelta(hours=2), "2026-11-17 08:30"),  # the night does not count
        ("2026-11-20 18:00", timedelta(hours=1), "2026-11-23 08:30"),  # nor does the weekend
        ("2026-11-20 15:00", timedelta(hours=1), "2026-11-20 16:00"),  # to the minute of closing
    ],
)
def test_time_counted_in_office_hours(start: str, counted: timedelta, end: str) -> None:
    assert shown(hours().after_open_time(local(start), counted)) == end


def test_clocks_that_jump_forward_keep_the_span_open_for_its_length() -> None:
    # In New York on 8 March 2026 there is no 02:30.
    zone = ZoneInfo("America/New_York")
    office = OfficeHours(Schedule.model_validate({"weekly": {"sun": ["01:00-02:30", "09:00-10:00"]}}), zone)
    opening = office.next_opening(local("2026-03-08 00:00", zone))
    assert opening is not None
    closing = office.next_closing(opening)
    assert closing is not None
    assert closing - opening == timedelta(hours=1, minutes=30)
    assert shown(closing, zone) == "2026-03-08 03:30"


def test_clocks_that_fall_back_open_at_the_first_and_close_at_the_last_of_a_repeated_time() -> None:
    # In New York on 1 November 2026 there are two 01:30.
    zone = ZoneInfo("America/New_York")
    opens = OfficeHours(Schedule.model_validate({"weekly": {"sun": ["01:30-05:00"]}}), zone)
    assert opens.next_opening(local("2026-11-01 00:00", zone)) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    closes = OfficeHours(Schedule.model_validate({"weekly": {"sun": ["00:30-01:30"]}}), zone)
    assert closes.next_closing(local("2026-11-01 00:00", zone)) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


def test_a_day_that_a_zone_never_had_is_no_day_of_work() -> None:
    # Samoa went from 29 to 31 December 2011.
    zone = ZoneInfo("Pacific/Apia")
    office = OfficeHours(Schedule.model_validate({"weekly": {"fri": ["09:00-10:00"]}}), zone)
    assert shown(office.next_opening(local("2011-12-29 12:00", zone)), zone) == "2012-01-06 09:00"


@pytest.mark.parametrize("year", range(1900, 2100))
def test_easter_falls_where_everybody_says(year: int) -> None:
    assert easter_sunday(year) == easter(year)


def test_an_easter_closure_may_reach_into_the_next_year() -> None:
    office = hours(
        easter_closures=[{"start": 290, "end": 291, "name": "x"}], yearly_closures=[], holidays=None
    )
    easter_2023 = date(2023, 4, 9)
    assert easter_2023 + timedelta(days=290) == date(2024, 1, 24)
    assert office.spans(date(2024, 1, 24)) == []
    assert office.spans(date(2024, 1, 26)) != []


@pytest.mark.parametrize(
    ("rule", "word"),
    [({"country": "XX"}, "XX"), ({"country": "SV", "subdivision": "ZZ"}, "ZZ")],
)
def test_an_unknown_country_is_refused_when_the_schedule_is_read(rule: dict[str, str], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        hours(holidays=rule)
