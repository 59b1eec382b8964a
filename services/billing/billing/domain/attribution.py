"""Where a session belongs, and its share of a month's cost. Pure."""

import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Self, TypeVar
from zoneinfo import ZoneInfo

K = TypeVar("K", bound=Hashable)

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Cell:
    """The finest part of a month's usage: the sessions that are alike in all of this."""

    day: str
    """YYYY-MM-DD by the institution's calendar, in which they opened."""
    channel: str
    account: str
    area: str | None
    """Of their conversation; None where it is not known."""
    queue: str | None

    @classmethod
    def of(
        cls, zone: ZoneInfo, opened_at: datetime, channel: str, account: str,
        area: str | None = None, queue: str | None = None,
    ) -> Self:  # fmt: skip
        return cls(f"{opened_at.astimezone(zone):%Y-%m-%d}", channel, account, area, queue)

    @property
    def written(self) -> str:
        """As a document holds it: one word, because not every engine groups by several fields."""
        return json.dumps([self.day, self.channel, self.account, self.area, self.queue])

    @classmethod
    def read(cls, written: str) -> Self:
        """Raises `ValueError` for what `written` did not write."""
        return cls(*json.loads(written))


@dataclass(frozen=True, slots=True)
class Tally:
    """So much usage."""

    sessions: int = 0
    messages: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.sessions + other.sessions, self.messages + other.messages)


def shared_out(total: Decimal, weights: Mapping[K, int]) -> dict[K, Decimal]:
    """Whole cents of `total` for each key by its weight; together they are exactly `total`.

    By the largest remainder: each gets its share rounded down, and the cents that are left go one each to
    the largest remainders, of equal ones to the first key. So no part is a cent or more from its exact share.
    Without any weight there is nobody to share with: nothing. `total` is not negative; where a plan rounds to
    less than a cent, so do the parts.
    """
    whole = sum(weights.values())
    if not whole:
        return {}
    unit = _CENT if total == total.quantize(_CENT) else Decimal(1).scaleb(int(total.as_tuple().exponent))
    cents = int(total / unit)
    floors = {key: divmod(cents * weight, whole) for key, weight in weights.items()}
    left = cents - sum(floor for floor, _ in floors.values())
    lucky = set(sorted(floors, key=lambda key: -floors[key][1])[:left])
    return {key: (floor + (key in lucky)) * unit for key, (floor, _) in floors.items()}


def cost_by_cell(total: Decimal, usage: Mapping[Cell, Tally]) -> dict[Cell, Decimal]:
    """A channel's cost on its cells: shared out by sessions among areas, then queues, accounts, days.

    Step by step, so that what an area or a queue bears is its own share to the cent, however many cells.
    """
    steps: Sequence[str] = ("area", "queue", "account", "day")
    return _stepwise(total, usage, steps)


def _stepwise(total: Decimal, usage: Mapping[Cell, Tally], steps: Sequence[str]) -> dict[Cell, Decimal]:
    if not steps:
        return dict.fromkeys(usage, total)  # one: its channel is the only thing not stepped over
    groups: dict[str, dict[Cell, Tally]] = {}
    for cell, tally in usage.items():
        groups.setdefault(json.dumps(getattr(cell, steps[0])), {})[cell] = tally
    weights = {name: summed(groups[name].values()).sessions for name in sorted(groups)}
    costs: dict[Cell, Decimal] = {}
    for name, cost in shared_out(total, weights).items():
        costs |= _stepwise(cost, groups[name], steps[1:])
    return costs


def summed(tallies: Iterable[Tally]) -> Tally:
    return sum(tallies, Tally())
