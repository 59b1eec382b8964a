"""`ventanilla offers`: the offers' tables, their difference, and where they break even."""

import json
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from itertools import combinations
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from billing.plans.loader import load_plans, plans_folder
from billing.plans.models import NoPriceError, Plan
from billing.plans.offers import (
    OfferTable,
    assumptions,
    break_even_price,
    break_even_volumes,
    offer_table,
    with_price_beyond,
)
from billing.settings import CommandSettings
from ventanilla.checked_yaml import ConfigError


def main(
    as_json: Annotated[bool, typer.Option("--json", help="For programs; amounts are strings.")] = False,
    volume: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=10**9,
            help="WhatsApp conversations each month. Default: as many as each offer is for.",
        ),
    ] = None,
    beyond: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OFFER=PRICE",
            help="The price of each conversation beyond those that an offer includes, such as tigo=0.09; "
            "may be repeated. Default: what the plan's file assumes.",
        ),
    ] = None,
) -> None:
    """Print what each offer costs, month by month, from the price plans beside the institution's file."""
    try:
        plans = load_plans(plans_folder(CommandSettings().config))
        offers = _asked(plans, beyond or [])
        tables = [offer_table(plan, volume) for plan in offers]
    except (ConfigError, NoPriceError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    if as_json:
        typer.echo(_json(tables, asked=volume is not None or bool(beyond)))
    else:
        _show(Console(), tables)


def _asked(plans: dict[str, Plan], beyond: Sequence[str]) -> list[Plan]:
    offers = {name: plan for name, plan in plans.items() if plan.offer is not None}
    if not offers:
        raise ConfigError(["no plan is an offer; add `offer` to a plan's file, with months, channel, volume"])
    for text in beyond:
        name, _, price = text.partition("=")
        if name not in offers:
            raise ConfigError(
                [f"--beyond {text}: no offer is named {name!r}; use one of {', '.join(offers)}"]
            )
        offers[name] = with_price_beyond(
            offers[name], _price(text, price), f"{price} beyond those included: given with --beyond"
        )
    return list(offers.values())


def _price(text: str, price: str) -> Decimal:
    try:
        amount = Decimal(price)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0 or amount >= 10**6:
        raise ConfigError([f"--beyond {text}: {price!r} is no price; write one such as tigo=0.0881"])
    return amount


def _json(tables: Sequence[OfferTable], *, asked: bool) -> str:
    """`asked`: for other figures than those of the offers themselves; what is assumed is then said too."""
    return json.dumps(
        {
            table.plan.id: {
                "months": [str(month.total) for month in table.months],
                "total": str(table.total),
                **({"volume": table.volume, "assumed": table.assumed} if asked else {}),
            }
            for table in tables
        },
        indent=2,
        ensure_ascii=False,
    )


def _show(console: Console, tables: Sequence[OfferTable]) -> None:
    for table in tables:
        console.print(_months(table))
    for one, other in combinations(tables, 2):
        _compare(console, one, other)
    for table in tables:
        for reason in assumptions(table.plan):
            console.print(f"* Assumed for {table.plan.name}: {reason}", markup=False)


def _months(offer: OfferTable) -> Table:
    """A row for each month, so that it fits 80 columns and no figure is ever cut short."""
    plan = offer.plan
    title = f"{plan.name}, {plan.currency}, {offer.volume:,} WhatsApp conversations a month"
    table = Table(
        title=title,
        caption=plan.source,
        box=box.SIMPLE,
        show_edge=False,
        pad_edge=False,
        padding=(0, 0, 0, 1),
    )
    # A channel that the volume is not about has no column.
    lines = {
        line.name: bool(line.assumed)
        for month in offer.months
        for line in month.lines
        if line.kind != "usage" or line.quantity
    }
    sums = {
        name: sum(
            (one.amount for month in offer.months for one in month.lines if one.name == name), Decimal()
        )
        for name in lines
    }
    table.add_column("Month", no_wrap=True)
    for name, assumed in lines.items():
        header = f"{name} *" if assumed else name
        widest = max(len(word) for word in [*header.split(), f"{sums[name]:,}"])
        table.add_column(header, justify="right", width=widest)
    table.add_column("Total", justify="right", no_wrap=True)
    for month in offer.months:
        amounts = {line.name: line.amount for line in month.lines if line.name in lines}
        row = [amounts.get(name) for name in lines]
        table.add_row(month.month, *("" if one is None else f"{one:,}" for one in row), f"{month.total:,}")
    table.add_section()
    table.add_row("Total", *(f"{one:,}" for one in sums.values()), f"{offer.total:,}", style="bold")
    return table


def _compare(console: Console, one: OfferTable, other: OfferTable) -> None:
    cheap, dear = sorted((one, other), key=lambda table: table.total)
    difference = dear.total - cheap.total
    if cheap.plan.currency != dear.plan.currency:
        console.print(f"{one.plan.name} and {other.plan.name} are in two currencies: not compared")
        return
    if difference == 0:
        console.print(f"{one.plan.name} and {other.plan.name} cost the same.")
    else:
        share = (difference * 100 / dear.total).quantize(Decimal("0.01"))
        console.print(f"{cheap.plan.name} costs {difference:,} {cheap.plan.currency} less ({share} %).")
    first, *changes = break_even_volumes(one.plan, other.plan)
    names = {table.plan.id: table.plan.name for table in (one, other)}
    if not changes:
        who = "both cost the same" if first.cheaper is None else f"{names[first.cheaper]} is the cheaper"
        console.print(f"Break-even volume: none; at these prices {who} at every volume.")
    for change in changes:
        who = "both cost the same" if change.cheaper is None else f"{names[change.cheaper]} is the cheaper"
        console.print(f"Break-even volume: from {change.volume:,} conversations a month {who}.")
    for table, against in ((one, other), (other, one)):
        price = break_even_price(table.plan, against.plan, table.volume)
        if price is not None:
            console.print(
                f"Break-even price: at {table.volume:,} conversations a month {table.plan.name} costs as "
                f"much as {against.plan.name} when each conversation beyond those included costs {price}, "
                "on top of its monthly prices."
            )
