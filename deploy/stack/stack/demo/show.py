"""The figures of a run, for a person."""

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table

from stack.demo.figures import NO_AREA, Figures
from ventanilla.institution import Institution


def show(console: Console, figures: Figures, institution: Institution) -> None:
    """Tables of what happened, and of every check."""
    console.print(
        Panel(
            Group(_summary(figures)),
            title=f"A day at {institution.name}: {figures.day}, played in {figures.seconds:.1f} s",
            title_align="left",
        )
    )
    areas = {key: area.name for key, area in institution.areas.items()} | {NO_AREA: "none named"}
    queues = {key: queue.name for key, queue in institution.queues.items()}
    console.print(_counts("area", "conversations", figures.by_area, areas))
    console.print(_counts("queue", "handed over", figures.by_queue, queues))
    console.print(_checks(figures))
    for reason in figures.cost_assumes:
        console.print(f"The month's cost rests on what is assumed: {reason}.", markup=False)


def _summary(figures: Figures) -> Table:
    table = Table.grid(padding=(0, 3))
    table.add_column()
    table.add_column(justify="right", style="bold")
    table.add_column()
    table.add_column(justify="right", style="bold")
    cells = [
        ("conversations", figures.conversations), ("messages received", figures.received),
        ("answered by the bot", figures.answered_by_bot), ("shown to agents", figures.to_agents),
        ("answers by agents", figures.answered_by_agents), ("late bot answers discarded", figures.discarded),
        ("messages sent", figures.sent), ("delivered", figures.delivered),
        ("webhooks delivered again", figures.duplicates), ("statuses repeated", figures.statuses_repeated),
        ("sessions metered", figures.sessions), ("area as recorded", f"{figures.area_understood:.1%}"),
        ("month's cost, US$", figures.cost), ("dead letters", figures.dead_letters),
        ("p50, webhook to answer", f"{figures.p50_ms:.0f} ms"), ("p99", f"{figures.p99_ms:.0f} ms"),
    ]  # fmt: skip
    for (left, one), (right, other) in zip(cells[::2], cells[1::2], strict=True):
        table.add_row(left, _number(one), right, _number(other))
    return table


def _counts(what: str, of: str, counts: dict[str, int], names: dict[str, str]) -> Table:
    table = Table(what, of, box=None, padding=(0, 3, 0, 1))
    table.columns[1].justify = "right"
    for key, count in sorted(counts.items(), key=lambda item: -item[1]):
        table.add_row(names.get(key, key), _number(count))
    return table


def _checks(figures: Figures) -> Table:
    table = Table("check", "expected", "found", "", title="Does it add up?", title_justify="left")
    for check in figures.checks:
        mark = "[green]yes[/]" if check.ok else "[bold red]NO[/]"
        table.add_row(check.name, _short(check.expected), _short(check.actual), mark)
    return table


def _short(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {count}" for key, count in sorted(value.items())) or "none"
    if isinstance(value, list):
        shown = "; ".join(map(str, value[:5]))
        return (f"{shown} and {len(value) - 5} more" if len(value) > 5 else shown) or "none"
    return _number(value)


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
