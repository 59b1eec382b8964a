"""`ventanilla compare`: what the months of an export cost under every plan."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from billing.plans.loader import load_plans, plans_folder
from billing.plans.models import Plan, Unit
from billing.plans.pricing import MonthCost, Used, as_if
from billing.plans.usage import message_usage, session_usage
from billing.proof.reading import ExportError, read_export
from billing.proof.recompute import recompute
from billing.settings import CommandSettings
from ventanilla.checked_yaml import ConfigError
from ventanilla.clock import utc_now
from ventanilla.contracts.channel import Channel, MessageStatus
from ventanilla.institution import Institution, load_institution

Usage = dict[str, list[Used]]


def main(
    file: Annotated[Path, typer.Argument(help="Statuses: JSON Lines or Parquet.")],
    as_json: Annotated[bool, typer.Option("--json", help="For programs; amounts are strings.")] = False,
) -> None:
    """Print what each month of an export of statuses would have cost under every price plan.

    Plans that count 24-hour sessions and plans that count messages run off the same events. A month outside a
    plan's validity is priced at its nearest prices. Rehearsals, and numbers that are not ours, are left out.
    """
    try:
        config = CommandSettings().config
        institution = load_institution(config)
        plans = load_plans(plans_folder(config))
        usage = _usage(file, institution)
    except (ConfigError, ExportError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    costs = {
        month: {name: as_if(plan, month, used) for name, plan in plans.items()}
        for month, used in sorted(usage.items())
    }
    if as_json:
        typer.echo(json.dumps(_answer(usage, costs), indent=2, ensure_ascii=False))
    else:
        _show(Console(), plans, usage, costs)


def _usage(file: Path, institution: Institution) -> Usage:
    """Both units of each month. Reads the file twice, so that neither holds the other's state."""
    ours = {(one.channel, one.id) for one in institution.accounts if not one.replay}
    latest = utc_now() + institution.metering.clock_skew

    def statuses() -> Iterator[MessageStatus]:
        for _, item in read_export(file):
            if (
                isinstance(item, MessageStatus)
                and (item.channel, item.account) in ours
                and item.occurred_at <= latest
                and (item.channel.value, item.account, item.provider_message_id) not in found.echoed
            ):
                yield item

    found = recompute(read_export(file), institution.zone, latest, institution.metering.settling)
    opened = ((line.month, Channel(line.channel), line.account) for line in found.restated)
    usage = session_usage(one for one in opened if one[1:] in ours)
    for month, used in message_usage(statuses(), institution.zone).items():
        usage.setdefault(month, []).extend(used)
    return usage


def _count(used: list[Used], unit: Unit) -> int:
    return sum(one.quantity for one in used if one.unit is unit)


def _answer(usage: Usage, costs: dict[str, dict[str, MonthCost]]) -> dict[str, Any]:
    return {
        month: {
            "sessions": _count(usage[month], Unit.SESSION),
            "messages": _count(usage[month], Unit.MESSAGE),
            "plans": {name: _plan(cost) for name, cost in by_plan.items()},
        }
        for month, by_plan in costs.items()
    }


def _plan(cost: MonthCost) -> dict[str, Any]:
    return {
        "total": str(cost.total),
        "currency": cost.currency,
        "prices_of": cost.prices_of,
        "lines": {line.name: str(line.amount) for line in cost.lines},
        "assumed": [reason for line in cost.lines for reason in line.assumed],
        "unpriced": [
            {"channel": one.channel.value, "category": one.category, "quantity": one.quantity}
            for one in cost.unpriced
        ],
    }


def _show(
    console: Console, plans: dict[str, Plan], usage: Usage, costs: dict[str, dict[str, MonthCost]]
) -> None:
    table = Table("Month", title="What each month would have cost")
    for name in ("Sessions", "Messages", *(f"{plan.name}, {plan.currency}" for plan in plans.values())):
        table.add_column(name, justify="right")
    notes: dict[str, None] = {}
    for month, by_plan in costs.items():
        counts = (f"{_count(usage[month], unit):,}" for unit in (Unit.SESSION, Unit.MESSAGE))
        table.add_row(month, *counts, *(f"{cost.total:,}" for cost in by_plan.values()))
        for name, cost in by_plan.items():
            notes |= dict.fromkeys(_notes(plans[name], cost))
    console.print(table)
    for note in notes:
        console.print(note, markup=False)


def _notes(plan: Plan, cost: MonthCost) -> Iterator[str]:
    """What a reader must know who compares these totals."""
    if not cost.in_force:
        yield f"{plan.name} has no prices for {cost.month}: those of {cost.prices_of} on were taken."
    for line in cost.lines:
        for reason in line.assumed:
            yield f"Assumed for {plan.name}, {line.name}: {reason}"
    for one in cost.unpriced:
        what = one.category or "sessions"
        yield f"Not in {plan.name}'s total for {cost.month}: {one.quantity:,} {one.channel} {what}, no price."
