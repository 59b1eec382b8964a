"""Where a month will end, from the days so far. Pure.

The days of a month are of two kinds, working days and others, by the schedule of the institution's default
queue. Each kind has the mean and the spread of its own completed days: those of the running month, and where
these are too few (`ENOUGH`) those of the month before as well. Days before the first session that is known in
that time are not taken: the system was not there yet.

A day to come is expected to be the mean of its kind, and today has what it has, plus the part of such a day
that usually comes after this time of day (the share is learnt from the same days; with few sessions it leans
on the clock).

The interval is a prediction interval of level `LEVEL`, by Student's t. Days are taken as independent and
alike within their kind, a day scatters at least as a Poisson count does, and how well a mean is known from so
few days is part of it. A trend within the month, and a campaign that nobody told us of, are not.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import ceil, floor, sqrt

LEVEL = Decimal("0.90")

ENOUGH = {True: 5, False: 3}
"""How many completed days of a kind (working: True) the running month must have to stand alone."""
LEAST = 2
"""With fewer days than this of a kind there is no spread, and so no interval."""

_CLOCK = 10
"""As if so many sessions had come evenly over the day: what the clock weighs against the sessions known."""

# Student's t at 0.95, one side, for 1 to 30 degrees of freedom (any table of it); beyond, the last is taken,
# which makes an interval a little too wide.
_T = (
    6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812, 1.796, 1.782, 1.771, 1.761, 1.753,
    1.746, 1.740, 1.734, 1.729, 1.725, 1.721, 1.717, 1.714, 1.711, 1.708, 1.706, 1.703, 1.701, 1.699, 1.697,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Now:
    """The moment of a forecast, by the institution's calendar."""

    today: date
    gone: float
    """The part of today that is over by the clock, 0 to 1."""
    earlier: int = 0
    """Of the sessions of the completed days of today's kind, those that came by this time of day."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The completed days of one kind that were taken."""

    days: int
    mean: float | None
    """Sessions a day; None where there is no such day."""
    spread: float
    """Their variance, at least the mean."""
    to_come: int
    """Whole days of this kind that the month still has."""


@dataclass(frozen=True, slots=True)
class Point:
    """The month's sessions by the end of one day. Of a day that is over all figures are what was counted."""

    day: date
    used: int | None
    """Counted so far; None of a day to come."""
    expected: int
    low: int | None
    """None, as `high`, where too few days are known for an interval."""
    high: int | None


@dataclass(frozen=True, slots=True)
class Exhaustion:
    """The day on which the allotment is used up; None: not in this month, as far as that can be said."""

    expected: date | None
    earliest: date | None
    latest: date | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """`expected` is None when nothing is known yet, `low` and `high` when too few days are."""

    month: str
    used: int
    expected: int | None
    low: int | None
    high: int | None
    working: Kind
    other: Kind
    month_before: bool
    """Whether days of a month before the running one were taken."""
    exhaustion: Exhaustion
    points: tuple[Point, ...]
    """Each day of the month, as far as something can be said of it."""


def sampled_days(
    counts: Mapping[date, int], today: date, works: Callable[[date], bool]
) -> dict[bool, list[date]]:
    """The completed days of each kind (working: True) that a forecast made today rests on."""
    first = today.replace(day=1)
    before = (first - timedelta(days=1)).replace(day=1)
    known = [day for day, count in counts.items() if count and before <= day < today]
    start = max(before, min(known)) if known else today
    completed = [start + timedelta(days=number) for number in range((today - start).days)]
    found = {}
    for kind in (True, False):
        own = [day for day in completed if works(day) is kind]
        running = [day for day in own if day >= first]
        found[kind] = running if len(running) >= ENOUGH[kind] else own
    return found


def forecast(
    month: str,
    counts: Mapping[date, int],
    now: Now,
    works: Callable[[date], bool],
    allotment: int | None = None,
) -> Forecast:
    """The end of `month` (YYYY-MM) as seen at `now`, from sessions by day of opening; a day may lack.

    A month that is over is what was counted; one to come has only days to come. `allotment` None: unlimited.
    """
    days = _days(month)
    taken = sampled_days(counts, now.today, works)
    kinds = {
        kind: _kind(
            [counts.get(day, 0) for day in own],
            sum(works(day) is kind for day in days if day > now.today),
        )
        for kind, own in taken.items()
    }
    left = _left_of_today(counts, now, taken[works(now.today)])
    used = sum(counts.get(day, 0) for day in days if day <= now.today)
    points = tuple(_points(days, counts, now.today, works, kinds, left))
    end = points[-1] if points and points[-1].day == days[-1] else None
    return Forecast(
        month,
        used,
        expected=None if end is None else end.expected,
        low=None if end is None else end.low,
        high=None if end is None else end.high,
        working=kinds[True],
        other=kinds[False],
        month_before=any(day < now.today.replace(day=1) for own in taken.values() for day in own),
        exhaustion=_exhaustion(points, allotment),
        points=points,
    )


def _days(month: str) -> list[date]:
    first = date.fromisoformat(f"{month}-01")
    after = (first + timedelta(days=31)).replace(day=1)
    return [first + timedelta(days=number) for number in range((after - first).days)]


def _kind(counts: Sequence[int], to_come: int) -> Kind:
    days = len(counts)
    mean = sum(counts) / days if days else None
    spread = 0.0 if mean is None else mean
    if mean is not None and days >= LEAST:
        spread = max(mean, sum((count - mean) ** 2 for count in counts) / (days - 1))
    return Kind(days, mean, spread, to_come)


def _left_of_today(counts: Mapping[date, int], now: Now, taken: Sequence[date]) -> float:
    """The part of a day's sessions that comes after this time of day, 0 to 1."""
    whole = sum(counts.get(day, 0) for day in taken)
    over = (min(now.earlier, whole) + now.gone * _CLOCK) / (whole + _CLOCK)
    return 1.0 - min(1.0, max(0.0, over))


def _points(
    days: Sequence[date],
    counts: Mapping[date, int],
    today: date,
    works: Callable[[date], bool],
    kinds: Mapping[bool, Kind],
    left: float,
) -> Iterator[Point]:
    """Day after day, until one of which nothing can be said."""
    used = 0
    ahead = {True: 0.0, False: 0.0}
    last = Point(days[0], 0, 0, 0, 0)
    for day in days:
        kind = works(day)
        if day <= today:
            used += counts.get(day, 0)
        if day < today:
            last = Point(day, used, used, used, used)
            yield last
            continue
        ahead[kind] += left if day == today else 1.0
        if kinds[kind].mean is None:
            return
        more, margin = _ahead(ahead, kinds)
        low = high = None
        if margin is not None and last.low is not None and last.high is not None:
            # What is counted never falls, so neither do its bounds.
            low = max(last.low, used + floor(max(0.0, more - margin)))
            high = max(last.high, used + ceil(more + margin))
        last = Point(day, used if day == today else None, used + floor(more + 0.5), low, high)
        yield last


def _ahead(ahead: Mapping[bool, float], kinds: Mapping[bool, Kind]) -> tuple[float, float | None]:
    """What so many days of each kind bring, and how far that may be off; None: that cannot be said.

    The variance of a kind is that of its days and that of its mean; degrees of freedom by Welch and
    Satterthwaite.
    """
    used = [(days, kinds[kind]) for kind, days in ahead.items() if days]
    more = sum(days * (known.mean or 0.0) for days, known in used)
    if any(known.days < LEAST for _, known in used):
        return more, None
    variance = weighed = 0.0
    for days, known in used:
        own = known.spread * days * (1 + days / known.days)
        variance += own
        weighed += own**2 / (known.days - 1)
    freedom = int(variance**2 / weighed) if weighed else len(_T)
    return more, _T[min(max(freedom, 1), len(_T)) - 1] * sqrt(variance)


def _exhaustion(points: Sequence[Point], allotment: int | None) -> Exhaustion:
    if allotment is None:
        return Exhaustion(None, None, None)
    return Exhaustion(
        next((one.day for one in points if one.expected >= allotment), None),
        next((one.day for one in points if one.high is not None and one.high >= allotment), None),
        next((one.day for one in points if one.low is not None and one.low >= allotment), None),
    )
