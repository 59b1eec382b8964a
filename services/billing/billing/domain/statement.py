"""What is billed for a month, and what came for earlier ones since. Pure.

A statement has the sessions of its month as they stand when it closes, for good. What comes afterwards is an
adjustment, in the statement of the month that closes next: of those that came from the close before it to its
own. So it stands in one statement, and which one depends on when it came alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from billing.plans.models import Unit
from billing.plans.pricing import Used
from billing.plans.terms import Terms
from ventanilla.contracts.billing import StatementAdjustment, StatementClosed, StatementLine
from ventanilla.contracts.event import derived_id


@dataclass(frozen=True, slots=True)
class Before:
    """What was billed and adjusted for a month before: the least and the most that it can be."""

    least: Sequence[Used] = ()
    most: Sequence[Used] = ()


def statement(
    month: str,
    closes_at: datetime,
    lines: Sequence[StatementLine],
    adjustments: Sequence[StatementAdjustment],
    before: Mapping[str, Before],
    terms: Terms,
) -> StatementClosed:
    """`before` has each month of `adjustments`. Whoever makes it makes the same, under the same id."""
    identity = derived_id("statement", month)
    priced = terms.cost(month, usage_of(lines))
    extra = [
        _cost(one, adjustments, before[one], terms) for one in sorted({one.month for one in adjustments})
    ]
    return StatementClosed(
        id=identity,
        occurred_at=closes_at,
        contact_id=month,
        correlation_id=identity,
        month=month,
        closed_at=closes_at,
        plan=priced.plan if priced else "",
        prices_of=priced.prices_of if priced else "",
        currency=priced.currency if priced else "",
        cost=priced.total if priced else Decimal("0.00"),
        lines=list(lines),
        adjustments=list(adjustments),
        adjustments_cost_at_least=sum((least for least, _ in extra), Decimal("0.00")),
        adjustments_cost_at_most=sum((most for _, most in extra), Decimal("0.00")),
    )


def usage_of(lines: Sequence[StatementLine]) -> list[Used]:
    """A statement's sessions, to be priced."""
    return [Used(one.account, one.channel, Unit.SESSION, one.sessions) for one in lines]


def adjusted(before: Before, adjustments: Sequence[StatementAdjustment]) -> Before:
    """With these adjustments of the same month."""
    least, most = list(before.least), list(before.most)
    for one in adjustments:
        least = _added(least, one, one.sessions_at_least)
        most = _added(most, one, one.sessions_at_most)
    return Before(least, most)


def cost(usage: Sequence[Used], month: str, terms: Terms) -> Decimal:
    """Of the whole month, by the contract's plan."""
    priced = terms.cost(month, usage)
    return Decimal("0.00") if priced is None else priced.total


def _cost(
    month: str, adjustments: Sequence[StatementAdjustment], before: Before, terms: Terms
) -> tuple[Decimal, Decimal]:
    """By how much these adjustments make `month` dearer, at least and at most."""
    after = adjusted(before, [one for one in adjustments if one.month == month])
    return (
        cost(after.least, month, terms) - cost(before.least, month, terms),
        cost(after.most, month, terms) - cost(before.most, month, terms),
    )


def _added(usage: list[Used], one: StatementAdjustment, sessions: int) -> list[Used]:
    """Never below zero."""
    for place, used in enumerate(usage):
        if (used.channel, used.account) == (one.channel, one.account):
            more = replace(used, quantity=max(0, used.quantity + sessions))
            return [*usage[:place], more, *usage[place + 1 :]]
    return [*usage, Used(one.account, one.channel, Unit.SESSION, max(0, sessions))]
