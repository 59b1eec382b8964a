"""Offers side by side: their months, their totals, and where one becomes cheaper than the other. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from billing.plans.models import Offer, Plan, Tier, Unit, UsagePrice
from billing.plans.months import months_later
from billing.plans.pricing import MonthCost, Used, month_cost, units_cost


@dataclass(frozen=True, slots=True)
class OfferTable:
    """The months of an offer, each at the same volume, and their sum."""

    plan: Plan
    volume: int
    months: tuple[MonthCost, ...]

    @property
    def total(self) -> Decimal:
        return sum((month.total for month in self.months), Decimal("0.00"))

    @property
    def assumed(self) -> list[str]:
        """Why figures that went into it are no facts, each once."""
        reasons = (reason for month in self.months for line in month.lines for reason in line.assumed)
        return list(dict.fromkeys(reasons))


@dataclass(frozen=True, slots=True)
class BreakEven:
    """From this monthly volume on another offer is the cheapest, or both cost the same."""

    volume: int
    cheaper: str | None
    """The plan's id; None when they cost the same."""


def offer_table(plan: Plan, volume: int | None = None) -> OfferTable:
    """The offer at `volume` conversations each month; without it, at the volume that was offered.

    Raises `LookupError` when the plan is no offer.
    """
    offer = _offer(plan)
    volume = offer.volume if volume is None else volume
    usage = [Used("offer", offer.channel, Unit.SESSION, volume)]
    months = (months_later(plan.first_month, place) for place in range(offer.months))
    return OfferTable(plan, volume, tuple(month_cost(plan, month, usage) for month in months))


def with_price_beyond(plan: Plan, price: Decimal, reason: str) -> Plan:
    """The plan with one price for every conversation beyond those included, because of `reason`."""
    offer = _offer(plan)
    tier = Tier.model_validate({"from": 1, "price": price, "assumed": reason})
    periods = [
        period.model_copy(
            update={
                "usage": [
                    line.model_copy(update={"tiers": [tier]})
                    if line.channel is offer.channel and line.included != "unlimited"
                    else line
                    for line in period.usage
                ]
            }
        )
        for period in plan.periods
    ]
    return plan.model_copy(update={"periods": periods})


def assumptions(plan: Plan) -> list[str]:
    """Every assumed price of a further conversation, with its reason: what a break-even volume rests on."""
    found = []
    for line in _lines(plan):
        if line is not None and line.included != "unlimited":
            for tier in line.tiers:
                if tier.assumed is not None:
                    first = line.included + tier.start
                    last = "on" if tier.end is None else f"to {line.included + tier.end:,}"
                    found.append(f"{tier.price} from conversation {first:,} {last}. {tier.assumed}")
    return list(dict.fromkeys(found))


def break_even_volumes(one: Plan, other: Plan) -> list[BreakEven]:
    """The cheaper offer at volume 0, then every volume at which that changes, ascending. Exact, unrounded.

    Between the points where a price of either changes both costs are straight lines, so each stretch has at
    most one crossing; beyond the last point the lines go on for ever.
    """
    points = sorted({0, *_points(one), *_points(other)})
    found = [BreakEven(0, _cheaper(one, other, 0))]
    for place, start in enumerate(points):
        end = points[place + 1] if place + 1 < len(points) else None
        for volume in _candidates(one, other, start, end):
            cheaper = _cheaper(one, other, volume)
            if cheaper != found[-1].cheaper:
                found.append(BreakEven(volume, cheaper))
    return found


def break_even_price(one: Plan, other: Plan, volume: int) -> Decimal | None:
    """What a conversation beyond those that `one` includes may cost for both to cost the same at `volume`.

    Exact but for its sixth decimal, which is rounded down. None when `volume` lies within what it
    includes, or when `one` is dearer already without it.
    """
    free = with_price_beyond(one, Decimal(0), "")
    beyond = sum(
        line.beyond
        for month in offer_table(free, volume).months
        for line in month.lines
        if line.kind == "usage"
    )
    room = offer_table(other, volume).total - offer_table(free, volume).total
    if beyond == 0 or room < 0:
        return None
    return Decimal(Fraction(room) / beyond * 1_000_000 // 1) / 1_000_000


def _offer(plan: Plan) -> Offer:
    if plan.offer is None:
        raise LookupError(
            f"plan {plan.id} is no offer; add `offer` to its file, with months, channel, volume"
        )
    return plan.offer


def _line(plan: Plan, place: int) -> UsagePrice | None:
    """The price of the offered channel's conversations in the month number `place`, from 0."""
    offer = _offer(plan)
    period = plan.period(months_later(plan.first_month, place))
    return next((one for one in period.usage if one.channel is offer.channel), None)


def _lines(plan: Plan) -> Sequence[UsagePrice | None]:
    return [_line(plan, place) for place in range(_offer(plan).months)]


def _points(plan: Plan) -> set[int]:
    """The volumes at which the price of the next conversation may change."""
    found: set[int] = set()
    for line in _lines(plan):
        if line is not None and line.included != "unlimited":
            found |= {line.included + tier.start - 1 for tier in line.tiers}
    return found


def _exact(plan: Plan, volume: int) -> Fraction:
    """The offer's total at a volume, without rounding."""
    fixed = sum(
        (
            line.amount
            for month in offer_table(plan, 0).months
            for line in month.lines
            if line.kind != "usage"
        ),
        Decimal(0),
    )
    total = Fraction(fixed)
    for line in _lines(plan):
        if line is not None and line.included != "unlimited":
            total += Fraction(units_cost(line.tiers, 1, max(0, volume - line.included)))
    return total


def _difference(one: Plan, other: Plan, volume: int) -> Fraction:
    return _exact(one, volume) - _exact(other, volume)


def _cheaper(one: Plan, other: Plan, volume: int) -> str | None:
    difference = _difference(one, other, volume)
    if difference == 0:
        return None
    return one.id if difference < 0 else other.id


def _candidates(one: Plan, other: Plan, start: int, end: int | None) -> list[int]:
    """The whole volumes of a stretch at which the sign of the difference can change, ascending."""
    at_start = _difference(one, other, start)
    slope = _difference(one, other, start + 1) - at_start
    found = {start, start + 1}
    if slope != 0:
        crossing = start - at_start / slope
        found |= {int(crossing // 1), int(crossing // 1) + 1}
    if end is not None:
        found.add(end)
    return sorted(volume for volume in found if volume >= start and (end is None or volume <= end))
