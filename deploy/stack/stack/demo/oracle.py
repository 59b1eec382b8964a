"""Metered sessions and their price, worked out a second time: from the provider's own report and the plan's
file, by the rules in plain words.

A session opens at the first delivered message and lasts 24 hours, its end excluded; the first message after
it opens the next (agreement 65-CNR/2023, point X). It shares no code with the service that meters and prices.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

SESSION = timedelta(hours=24)


def sessions(delivered: Iterable[datetime]) -> list[tuple[datetime, int]]:
    """When each session opened, and how many messages it has."""
    found: list[tuple[datetime, int]] = []
    for moment in sorted(delivered):
        if found and moment < found[-1][0] + SESSION:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((moment, 1))
    return found


def month_cost(plan: dict[str, Any] | None, month: str, used: int) -> Decimal:
    """What `used` WhatsApp sessions make the month cost under a plan of the form of docs/plans.md.

    At the last prices that began by then, else at the first; what is paid once is not of a demo's month.
    Without a plan nothing has a price.
    """
    if plan is None:
        return Decimal("0.00")
    begun = [period for period in plan["periods"] if period["from"] <= month]
    period = begun[-1] if begun else plan["periods"][0]
    lines = [Decimal(one["price"]) for one in period.get("monthly", [])]
    lines += [one["quantity"] * Decimal(one["price"]) for one in period.get("licences", [])]
    for one in period.get("usage", []):
        included = one.get("included", 0)
        if one["channel"] == "whatsapp" and included != "unlimited":
            beyond = max(0, used - included)
            lines.append(Decimal(0))
            for tier in one["tiers"]:
                last = min(beyond, tier.get("to", beyond))
                lines[-1] += max(0, last - tier["from"] + 1) * Decimal(tier["price"])
    return sum((line.quantize(Decimal("0.01"), ROUND_HALF_UP) for line in lines), Decimal("0.00"))


def percentile(values: Iterable[float], share: float) -> float:
    """The nearest-rank percentile; 0 of nothing."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]
