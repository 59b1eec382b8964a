"""Opening hours as the institution's file says them: a week, holidays, closures, and days of their own."""

import re
from datetime import date, time
from itertools import pairwise
from typing import Annotated, Self

from holidays import country_holidays, list_supported_countries
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ventanilla.checked_yaml import Section

_SPAN = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")


class Span(BaseModel):
    """A half-open span of one day, [opens, closes); `closes` 24:00 is written as None."""

    model_config = ConfigDict(frozen=True)

    opens: time
    closes: time | None

    @property
    def minutes(self) -> tuple[int, int]:
        """Start and end in minutes after midnight."""
        end = 24 * 60 if self.closes is None else self.closes.hour * 60 + self.closes.minute
        return self.opens.hour * 60 + self.opens.minute, end


def _span(value: object) -> object:
    if isinstance(value, Span):
        return value
    match = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError('a span is two times of a day, quoted: "07:30-16:00"')
    h1, m1, h2, m2 = (int(part) for part in match.groups())
    if m1 > 59 or m2 > 59 or h1 > 23 or h2 > 24 or (h2 == 24 and m2):
        raise ValueError("hours run from 00:00 to 24:00")
    if (h1, m1) >= (h2, m2):
        raise ValueError("a span ends after it begins; write a night as two spans, one on each day")
    return Span(opens=time(h1, m1), closes=None if h2 == 24 else time(h2, m2))


DaySpan = Annotated[Span, BeforeValidator(_span)]


def _in_order(spans: list[Span]) -> list[Span]:
    ordered = sorted(spans, key=lambda span: span.minutes)
    for earlier, later in pairwise(ordered):
        if later.minutes[0] < earlier.minutes[1]:
            raise ValueError("spans of one day overlap")
    return ordered


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class NationalHolidays(Section):
    """Public holidays by the `holidays` library: ISO country, optional subdivision."""

    country: str
    subdivision: str | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        try:
            country_holidays(self.country, subdiv=self.subdivision)
        except NotImplementedError:
            raise ValueError(self._unknown()) from None
        return self

    def _unknown(self) -> str:
        known = list_supported_countries(include_aliases=False)
        if self.country not in known:
            return (
                f"no holidays are known for the country {self.country!r}; write an ISO 3166 code such as SV, "
                "or leave holidays out and list the days as exceptions"
            )
        choice = ", ".join(known[self.country]) or "none"
        return f"{self.country} has no subdivision {self.subdivision!r} with holidays; there are: {choice}"


class YearlyClosure(Section):
    """Closed every year from `start` to `end`, both included, as MM-DD; may run over the year's end."""

    start: str = Field(pattern=r"^\d{2}-\d{2}$")
    end: str = Field(pattern=r"^\d{2}-\d{2}$")
    name: str

    @model_validator(mode="after")
    def _real_days(self) -> Self:
        for text in (self.start, self.end):
            try:
                date.fromisoformat(f"2024-{text}")
            except ValueError:
                raise ValueError(f"{text} is not a day of the year; write MM-DD") from None
        return self


class EasterClosure(Section):
    """Closed every year from `start` to `end` days after Easter Sunday (-8: the Saturday a week before)."""

    start: int
    end: int
    name: str

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.end < self.start:
            raise ValueError("end must not be before start")
        return self


class DatedException(Section):
    """What one date is really like, above every rule: closed (no spans), or open in these spans only."""

    date: date
    open: list[DaySpan] = []
    reason: str

    @model_validator(mode="after")
    def _spans_in_order(self) -> Self:
        _in_order(self.open)
        return self


class Schedule(Section):
    """Office hours: weekly spans, less holidays and closures, with dated exceptions above all."""

    weekly: dict[str, list[DaySpan]]
    holidays: NationalHolidays | None = None
    yearly_closures: list[YearlyClosure] = []
    easter_closures: list[EasterClosure] = []
    exceptions: list[DatedException] = []

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for day, spans in self.weekly.items():
            if day not in WEEKDAYS:
                raise ValueError(f"{day!r} is no weekday; use {', '.join(WEEKDAYS)}")
            _in_order(spans)
        seen: set[date] = set()
        for exception in self.exceptions:
            if exception.date in seen:
                raise ValueError(f"{exception.date} has two exceptions; keep one")
            seen.add(exception.date)
        return self
