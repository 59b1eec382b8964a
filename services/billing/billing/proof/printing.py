"""The answers of `billing.proof.answers` for people."""

from typing import Any

import typer
from rich.console import Console
from rich.table import Table


def print_recomputed(answer: dict[str, Any], *, digests: bool) -> None:
    """To standard output; what was quarantined to standard error."""
    console = Console(soft_wrap=True)
    table = Table("Month", "Channel", "Account", "Sessions", "Messages", "Not ours", "Billed", box=None)
    for month, entry in answer["months"].items():
        for one in entry["accounts"]:
            table.add_row(
                month, one["channel"], one["account"], str(one["sessions"]), str(one["messages"]),
                str(one["messages_not_ours"]), "yes" if one["billed"] else "no",
            )  # fmt: skip
    console.print(table)
    for month, entry in answer["months"].items():
        for cost in entry["cost"]:
            money = f"{cost['currency']} {cost['cost']} ({cost['plan']})" if cost["plan"] else "no plan"
            typer.echo(f"{month} {cost['channel']}: {cost['sessions']} sessions, {money}")
            for reason in cost["assumed"]:
                typer.echo(f"{month} {cost['channel']}: assumed: {reason}")
        for one in entry["accounts"]:
            by_now = one["restated"]
            if by_now != {"sessions": one["sessions"], "messages": one["messages"]}:
                typer.echo(
                    f"{month} {one['channel']} {one['account']} restated by what came after it was closed: "
                    f"{by_now['sessions']} sessions, {by_now['messages']} messages"
                )
        for one in [one for one in entry["accounts"] if digests and one["digest"]]:
            typer.echo(f"{month} {one['channel']} {one['account']} sha256 {one['digest']}")
    lines = answer["lines"]
    parts = " + ".join(
        f"{sum(lines[name].values())} {name}{_reasons(lines[name])}"
        for name in ("duplicate", "excluded", "quarantined")
    )
    verdict = "" if lines["adds_up"] else ": THIS DOES NOT ADD UP"
    typer.echo(f"lines: {lines['received']} received = {lines['counted']} counted + {parts}{verdict}")
    if answer["ids_in_two_meters"]:
        typer.echo(f"{answer['ids_in_two_meters']} message ids were delivered to more than one contact")
    for problem in lines["problems"]:
        typer.echo(f"line {problem['line']}: {problem['reason']}: {problem['detail']}", err=True)


def _reasons(counts: dict[str, int]) -> str:
    return f" ({', '.join(f'{name} {count}' for name, count in counts.items())})" if counts else ""


def print_reconciled(answer: dict[str, Any]) -> None:
    """To standard output."""
    console = Console(soft_wrap=True)
    table = Table(
        "Outcome", "Count", "Invoiced", "Expected", "Reasons", title=f"Invoice of {answer['month']}"
    )
    for name, one in answer["outcomes"].items():
        reasons = ", ".join(f"{reason} {count}" for reason, count in one["reasons"].items())
        table.add_row(name, str(one["count"]), one["invoiced"], one["expected"] or "no price given", reasons)
    console.print(table)
    for one in answer["findings"]:
        where = f"line {one['invoice_line']}" if one["invoice_line"] else "not on the invoice"
        typer.echo(f"{where}: {one['outcome']}: {', '.join(one['reasons'])}: {one['id'] or '-'}")
    if answer["statuses_unreadable"]:
        typer.echo(
            f"unreadable statuses{_reasons(answer['statuses_unreadable'])}: see ventanilla recompute",
            err=True,
        )
    typer.echo("they agree" if answer["agrees"] else "they do not agree")
