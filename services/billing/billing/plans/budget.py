"""The money that was set aside: what is spent, committed and left of it, and what is to be expected. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from billing.plans.models import Plan
from billing.plans.months import Month, months_between
from billing.plans.pricing import Used, month_cost
from ventanilla.checked_yaml import Problem, Section, problems_error
from ventanilla.institution import Money


class Budget(Section):
    """The whole file: an amount for the months `first_month` to `last_month`, both included."""

    name: str
    source: str
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    amount: Money
    first_month: Month
    last_month: Month
    plan: str
    """The id of the price plan that it pays for. Its unit is the session: messages are not counted here."""

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.last_month < self.first_month:
            text = f"it ends before it begins; write {self.first_month} or later"
            raise problems_error([Problem(("last_month",), text)])
        return self


class MonthState(StrEnum):
    CLOSED = "closed"
    SETTLING = "settling"  # over, but late statuses may still change it
    CURRENT = "current"
    COMING = "coming"


@dataclass(frozen=True, slots=True)
class BudgetMonth:
    """One month. Of spent and committed, one is always zero."""

    month: str
    state: MonthState
    spent: Decimal
    """What a closed month cost."""
    committed: Decimal
    """What a month that is not closed costs at least: by contract, and by what was used so far."""
    forecast: Decimal
    """What the month is expected to cost in the end; never less than spent or committed."""
    left: Decimal
    """Of the whole amount, after this month and all before it, spent and committed."""


@dataclass(frozen=True, slots=True)
class BudgetState:
    """Where a budget stands. `left` below zero: it is overspent."""

    amount: Decimal
    months: tuple[BudgetMonth, ...]
    expected: tuple[Used, ...]
    """The usage of a whole month on which the forecast rests."""

    @property
    def spent(self) -> Decimal:
        return sum((month.spent for month in self.months), Decimal("0.00"))

    @property
    def committed(self) -> Decimal:
        return sum((month.committed for month in self.months), Decimal("0.00"))

    @property
    def left(self) -> Decimal:
        return self.amount - self.spent - self.committed

    @property
    def forecast(self) -> Decimal:
        return sum((month.forecast for month in self.months), Decimal("0.00"))

    @property
    def forecast_left(self) -> Decimal:
        return self.amount - self.forecast

    @property
    def exceeded_in(self) -> str | None:
        """The first month in which the forecast passes the amount, or None."""
        total = Decimal(0)
        for month in self.months:
            total += month.forecast
            if total > self.amount:
                return month.month
        return None


def budget_state(
    budget: Budget,
    plan: Plan,
    usage: Mapping[str, Sequence[Used]],
    this_month: str,
    expected: Sequence[Used] | None = None,
    current: Sequence[Used] | None = None,
    *,
    open_from: str | None = None,
) -> BudgetState:
    """The budget in `this_month`, with the usage of each month so far.

    Months before `open_from` (without it: before `this_month`) are closed. Those between the two have ended
    and are still settling: what they cost so far is committed, and no more is expected of them.

    `current` is what all of the current month is expected to use (see `billing.domain.forecast`).

    `expected` is the usage of a whole month to come; without it, the mean of the months that are over
    (rounded up), or what the current month has so far where none is. Raises `NoPriceError` when the plan has
    no prices for a month of the budget.
    """
    span = months_between(budget.first_month, budget.last_month)
    open_from = min(open_from or this_month, this_month)
    over = [month for month in span if month < this_month]
    if expected is None:
        expected = mean_usage([usage.get(month, ()) for month in over] or [usage.get(this_month, ())])
    months = []
    left = budget.amount
    for month in span:
        so_far = usage.get(month, ())
        cost = month_cost(plan, month, so_far).total
        spent, committed, forecast = Decimal("0.00"), Decimal("0.00"), cost
        if month < open_from:
            state, spent = MonthState.CLOSED, cost
        elif month < this_month:
            state, committed = MonthState.SETTLING, cost
        else:
            state = MonthState.CURRENT if month == this_month else MonthState.COMING
            committed = cost
            whole = current if month == this_month and current is not None else expected
            forecast = month_cost(plan, month, _at_least(so_far, whole)).total
        left -= spent + committed
        months.append(BudgetMonth(month, state, spent, committed, forecast, left))
    return BudgetState(budget.amount, tuple(months), tuple(expected))


def mean_usage(months: Sequence[Sequence[Used]]) -> list[Used]:
    """The mean of these months for each account, channel, unit, category and type, rounded up."""
    total = _added([used for month in months for used in month])
    return [replace(kind, quantity=-(-quantity // len(months))) for kind, quantity in total.items()]


def _at_least(so_far: Sequence[Used], expected: Sequence[Used]) -> list[Used]:
    known, hoped = _added(so_far), _added(expected)
    return [replace(kind, quantity=max(known[kind], hoped[kind])) for kind in known | hoped]


def _added(usage: Sequence[Used]) -> Counter[Used]:
    """Quantities by what they are of: `Used` with quantity 0."""
    total: Counter[Used] = Counter()
    for used in usage:
        total[replace(used, quantity=0)] += used.quantity
    return total
