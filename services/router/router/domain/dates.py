"""A moment as the citizen reads it. The words come from a catalogue, one for each language."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from ventanilla.checked_yaml import Section

Week = Annotated[list[str], Field(min_length=7, max_length=7)]
Year = Annotated[list[str], Field(min_length=12, max_length=12)]


class DateWords(Section):
    """The names and forms of dates in one language."""

    weekdays: Week
    """From Monday."""
    months: Year
    moment: str
    """May use {weekday}, {day}, {month}, {year} and {time}."""
    at_one: str
    """The form of a time between 1:00 and 1:59; may use {clock} and {half}."""
    at_other: str
    morning: str
    afternoon: str
    noon: str
    """The form of 12:00 exactly."""


def moment_text(words: DateWords, at: datetime, zone: ZoneInfo) -> str:
    """For example "lunes 4 de mayo a las 7:30 a.m.", in the institution's zone."""
    local = at.astimezone(zone)
    hour = local.hour % 12 or 12
    if (local.hour, local.minute) == (12, 0):
        time = words.noon
    else:
        form = words.at_one if hour == 1 else words.at_other
        half = words.morning if local.hour < 12 else words.afternoon
        time = form.format(clock=f"{hour}:{local.minute:02}", half=half)
    return words.moment.format(
        weekday=words.weekdays[local.weekday()],
        day=local.day,
        month=words.months[local.month - 1],
        year=local.year,
        time=time,
    )
