"""What a month costs under a plan, given what was used. Pure and exact.

Each line is the exact product of quantities and prices, rounded once as the plan states; a month is the
sum of its lines. Tiers are marginal: a unit's price depends on its number in the month alone, so a month's
usage costs the same however it is split.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from billing.plans.models import Period, Plan, Tier, Unit, UsagePrice
from billing.plans.months import months_later
from ventanilla.contracts.channel import Channel


@dataclass(frozen=True, slots=True)
class Used:
    """Units of one account in a month. Both units may be given at once; a plan takes its own."""

    account: str
    channel: Channel
    unit: Unit
    quantity: int
    category: str | None = None
    pricing_type: str | None = None
    """As the provider reported it, of messages."""

    def __post_init__(self) -> None:
        if self.quantity < 0:
            raise ValueError(f"quantity is {self.quantity}; a month's usage is never negative")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a month's statement."""

    name: str
    kind: str
    """monthly, licence, one_time or usage."""
    quantity: int
    beyond: int
    """The units that were charged: all, or those beyond what is included or free."""
    amount: Decimal
    """Rounded as the plan states."""
    assumed: tuple[str, ...] = ()
    """Why figures that went into it are no facts."""
    channel: Channel | None = None
    """Of usage: whose."""


@dataclass(frozen=True, slots=True)
class MonthCost:
    """What one month costs under one plan."""

    plan: str
    month: str
    prices_of: str
    """The first month of the period whose prices these are: the version of the plan."""
    in_force: bool
    """False: the plan has no prices for the month, and these are the nearest."""
    currency: str
    lines: tuple[Line, ...]
    unpriced: tuple[Used, ...]
    """Usage in the plan's unit that no line of it prices: shown, and not in the total."""

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal("0.00"))

    @property
    def assumed(self) -> list[str]:
        """Why the total is no fact, as far as it is none; each reason once."""
        found = (
            []
            if self.in_force
            else [f"plan {self.plan} has no prices for {self.month}: those of {self.prices_of} were taken"]
        )
        return list(dict.fromkeys([*found, *(reason for line in self.lines for reason in line.assumed)]))


def month_cost(plan: Plan, month: str, usage: Sequence[Used]) -> MonthCost:
    """The cost of `month` (YYYY-MM). Raises `NoPriceError` when the plan has no prices for it."""
    return _cost(plan, month, plan.period(month), usage)


def as_if(plan: Plan, month: str, usage: Sequence[Used]) -> MonthCost:
    """What the month would have cost: outside the validity, at the nearest prices (see `prices_of`)."""
    earlier = [period for period in plan.periods if period.start <= month]
    return _cost(plan, month, earlier[-1] if earlier else plan.periods[0], usage)


def units_cost(tiers: Iterable[Tier], first: int, last: int) -> Decimal:
    """The exact cost of the units number `first` to `last`, both included, beyond those included."""
    cost = Decimal(0)
    for tier in tiers:
        low = max(first, tier.start)
        high = last if tier.end is None else min(last, tier.end)
        if low <= high:
            cost += (high - low + 1) * tier.price
    return cost


def _cost(plan: Plan, month: str, period: Period, usage: Sequence[Used]) -> MonthCost:
    ours = [used for used in usage if used.unit is period.unit]
    priced = {(line.channel, line.category) for line in period.usage}
    return MonthCost(
        plan=plan.id,
        month=month,
        prices_of=period.start,
        in_force=period.start <= month and (period.end is None or month <= period.end),
        currency=plan.currency,
        lines=tuple(_lines(plan, month, period, ours)),
        unpriced=tuple(used for used in ours if (used.channel, used.category) not in priced),
    )


def _lines(plan: Plan, month: str, period: Period, usage: Sequence[Used]) -> Iterator[Line]:
    def line(
        name: str,
        kind: str,
        quantity: int,
        beyond: int,
        exact: Decimal,
        assumed: Iterable[str | None],
        channel: Channel | None = None,
    ) -> Line:
        reasons = tuple(reason for reason in assumed if reason is not None)
        return Line(name, kind, quantity, beyond, plan.rounding.of(exact), reasons, channel)

    for fixed in period.monthly:
        yield line(fixed.name, "monthly", 1, 1, fixed.price, [fixed.assumed])
    for licence in period.licences:
        exact = licence.quantity * licence.price
        yield line(licence.name, "licence", licence.quantity, licence.quantity, exact, [licence.assumed])
    for once in plan.one_time:
        if months_later(plan.first_month, once.month - 1) == month:
            yield line(once.name, "one_time", 1, 1, once.price, [once.assumed])
    for price in period.usage:
        own = [u for u in usage if (u.channel, u.category) == (price.channel, price.category)]
        beyond = _beyond(price, [used for used in own if not _free(period, used)])
        reasons = [tier.assumed for tier in price.tiers if tier.start <= beyond]
        quantity = sum(used.quantity for used in own)
        exact = units_cost(price.tiers, 1, beyond)
        yield line(price.name, "usage", quantity, beyond, exact, reasons, price.channel)


def _beyond(price: UsagePrice, usage: Sequence[Used]) -> int:
    """The units that must be paid for. Free windows leave what is included untouched."""
    if price.included == "unlimited":
        return 0
    if price.included_per == "month":
        return max(0, sum(used.quantity for used in usage) - price.included)
    by_account = groupby(sorted(usage, key=lambda used: used.account), key=lambda used: used.account)
    return sum(max(0, sum(used.quantity for used in own) - price.included) for _, own in by_account)


def _free(period: Period, used: Used) -> bool:
    return any(
        used.pricing_type == window.pricing_type and used.category in window.categories
        for window in period.free_windows
    )
