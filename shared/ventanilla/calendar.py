"""When an office is open. Pure: every answer depends only on the schedule and the moment asked for.

Moments go in aware, in any zone, and come out in UTC. A day is a day of the institution's zone. What a day
is like is settled by the first of these that speaks: a dated exception, a yearly or Easter closure, a
national holiday, the weekly hours.

A span is half-open: at the minute of opening the office is open, at the minute of closing it is closed. Where
clocks change, a time that a day has twice opens at its first and closes at its last occurrence; a time that
a day lacks is read with the offset from before the change, so that no span loses its length.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from ventanilla.schedule import WEEKDAYS, NationalHolidays, Schedule, Span

__all__ = ["HORIZON", "OfficeHours", "easter_sunday"]

HORIZON = timedelta(days=400)
"""How far an opening is searched for: more than any closure that is written as a yearly rule."""

_DAY = timedelta(days=1)
_REMEMBERED_DAYS = 2_000

Period = tuple[datetime, datetime]
"""From an opening to its closing, in UTC, half-open."""


class OfficeHours:
    """A schedule in its zone. Answers are computed a day at a time and remembered."""

    def __init__(self, schedule: Schedule, zone: ZoneInfo) -> None:
        self._schedule = schedule
        self._zone = zone
        self._exceptions = {exception.date: exception.open for exception in schedule.exceptions}
        self._weekly = [schedule.weekly.get(day, []) for day in WEEKDAYS]
        self._remembered: dict[date, tuple[Period, ...]] = {}

    def spans(self, day: date) -> list[Span]:
        """The open spans of one day, in order; empty when it is closed all day."""
        if day in self._exceptions:
            found = self._exceptions[day]
        elif self._closed_by_rule(day):
            found = []
        else:
            found = self._weekly[day.weekday()]
        return sorted(found, key=lambda span: span.minutes)

    def is_open(self, at: datetime) -> bool:
        """Whether the office is open at this moment."""
        day = at.astimezone(self._zone).date()
        # The day before counts as well: a change of clocks may push its last closing past midnight.
        return any(start <= at < end for near in (day - _DAY, day) for start, end in self._periods(near))

    def next_opening(self, after: datetime) -> datetime | None:
        """The first moment later than `after` at which a closed office opens; None: not within `HORIZON`."""
        return next((start for start, _ in self._stretches(after) if start > after), None)

    def next_closing(self, after: datetime) -> datetime | None:
        """The first moment later than `after` at which an open office closes; None: not within `HORIZON`."""
        last = after + HORIZON
        return next((end for _, end in self._stretches(after) if after < end <= last), None)

    def after_open_time(self, start: datetime, duration: timedelta) -> datetime | None:
        """When the office will have been open for `duration`, counted from `start`.

        A clock that stands still while the office is closed. None when that is not within `HORIZON`.
        """
        left = duration
        clock = start
        for opens, closes in self._days_periods(start):
            clock = max(clock, opens)
            if closes <= clock:
                continue
            if clock + left <= closes:
                return (clock + left).astimezone(UTC)
            left -= closes - clock
            clock = closes
        return None

    def _closed_by_rule(self, day: date) -> bool:
        schedule = self._schedule
        month_day = day.strftime("%m-%d")
        for closure in schedule.yearly_closures:
            if closure.start <= closure.end:
                closed = closure.start <= month_day <= closure.end
            else:  # over the year's end
                closed = month_day >= closure.start or month_day <= closure.end
            if closed:
                return True
        for easter in schedule.easter_closures:
            for year in (day.year - 1, day.year, day.year + 1):
                if easter.start <= (day - easter_sunday(year)).days <= easter.end:
                    return True
        return schedule.holidays is not None and day in _national_holidays(schedule.holidays, day.year)

    def _periods(self, day: date) -> tuple[Period, ...]:
        """The day's spans as moments."""
        found = self._remembered.get(day)
        if found is None:
            if len(self._remembered) >= _REMEMBERED_DAYS:
                self._remembered.clear()
            found = self._remembered[day] = tuple(self._moments(day))
        return found

    def _moments(self, day: date) -> Iterator[Period]:
        for span in self.spans(day):
            start = self._moment(day, span.opens, last=False)
            end = (
                self._moment(day + _DAY, time(0), last=True)
                if span.closes is None
                else self._moment(day, span.closes, last=True)
            )
            # A zone that crossed the date line lacks a whole day; its hours are then nowhere.
            if start < end and start.astimezone(self._zone).date() == day:
                yield start, end

    def _moment(self, day: date, at: time, *, last: bool) -> datetime:
        local = datetime.combine(day, at, self._zone)
        first, second = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
        return second if last and second > first else first

    def _days_periods(self, since: datetime) -> Iterator[Period]:
        day = since.astimezone(self._zone).date() - _DAY
        for number in range(HORIZON.days + 2):
            yield from self._periods(day + number * _DAY)

    def _stretches(self, since: datetime) -> Iterator[Period]:
        """The periods from the day before `since` on, those that touch joined into one."""
        current: Period | None = None
        for start, end in self._days_periods(since):
            if current is not None and start <= current[1]:
                current = (current[0], max(current[1], end))
            else:
                if current is not None:
                    yield current
                current = (start, end)
        if current is not None:
            yield current


@lru_cache(maxsize=64)
def _national_holidays(rule: NationalHolidays, year: int) -> frozenset[date]:
    return frozenset(
        holidays.country_holidays(rule.country, subdiv=rule.subdivision, years=year, expand=False)
    )


@lru_cache(maxsize=64)
def easter_sunday(year: int) -> date:
    """The Gregorian Easter. Source: Meeus, Astronomical Algorithms (1991), chapter 8."""
    century, rest = divmod(year, 100)
    golden = year % 19
    leap_century, century_rest = divmod(century, 4)
    drift = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_century - drift + 15) % 30
    leap, leap_rest = divmod(rest, 4)
    weekday = (32 + 2 * century_rest + 2 * leap - epact - leap_rest) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)
