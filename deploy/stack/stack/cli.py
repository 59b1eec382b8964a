"""The command `ventanilla`."""

import asyncio
import json
import os
import re
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from stack import dead_letters, export, topics
from stack.borrowed import NoStackError, running_stack
from stack.commands import OpenGroup
from stack.secrets import load_secrets
from stack.state import config_file, data_folder, read_state
from stack.status import gather_status, print_status
from stack.up import Options
from stack.up import up as run_stack
from ventanilla.access import Role, issue_token
from ventanilla.institution import ConfigError, Institution, load_institution

app = typer.Typer(
    cls=OpenGroup,
    help="Ventanilla: one counter window for every channel of a public institution.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # locals hold secrets
)
topics_app = typer.Typer(help="The declared topics, on the broker.", no_args_is_help=True)
letters_app = typer.Typer(help="What services could not process.", no_args_is_help=True)
app.add_typer(topics_app, name="topics")
app.add_typer(letters_app, name="dead-letters")

Data = Annotated[
    Path | None,
    typer.Option("--data", help="The stack's folder. Default: VENTANILLA_DATA, or .ventanilla here."),
]
Bootstrap = Annotated[
    str | None,
    typer.Option("--kafka", help="host:port. Default: the running stack's, or VENTANILLA_KAFKA_BOOTSTRAP."),
]
Queue = Annotated[str | None, typer.Option("--topic", help="One `<topic>.<service>.dlq`. Default: all.")]

T = TypeVar("T")


@app.command()
def up(
    data: Data = None,
    engines: Annotated[
        bool,
        typer.Option(
            "--engines/--no-engines",
            help="Start the embedded engines, or use those that the environment names.",
        ),
    ] = True,
    json_logs: Annotated[
        bool, typer.Option("--json-logs", help="Pass the services' lines on as they are.")
    ] = False,
) -> None:
    """Start everything, show where it is, stream one log, and stop everything on Ctrl-C."""
    raise typer.Exit(run_stack(Options(data or data_folder(), engines, json_logs)))


@app.command()
def status(
    data: Data = None, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False
) -> None:
    """Tell what runs, where, and whether it is ready; exit status 1 when it is not."""
    facts = asyncio.run(gather_status(data or data_folder()))
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
    else:
        print_status(facts)
    raise typer.Exit(0 if facts["ready"] else 1)


@app.command()
def token(
    role: Annotated[Role, typer.Option(help="What its bearer may do.")],
    area: Annotated[list[str] | None, typer.Option(help="An area it is limited to; may be repeated.")] = None,
    data: Data = None,
) -> None:
    """Print a bearer token for the HTTP APIs, valid for 12 hours."""
    folder = data or data_folder()
    key = load_secrets(folder).get("VENTANILLA_TOKEN_KEY")
    if not key:
        _fail(f"there are no secrets in {folder} yet: `ventanilla up` makes them at its first start")
    areas = frozenset(area or ())
    known = _institution(config_file()).areas
    if unknown := sorted(areas - known.keys()):
        _fail(f"no area is named {', '.join(unknown)}; there are {', '.join(known)}")
    typer.echo(issue_token(key, f"cli-{role.value}", role, areas))


@app.command("check-config")
def check_config(
    file: Annotated[
        Path | None, typer.Argument(help="Default: VENTANILLA_CONFIG, or the case's file.")
    ] = None,
) -> None:
    """Check an institution's file; name each problem with its line, its place and its fix."""
    path = file or config_file()
    found = _institution(path)
    typer.echo(
        f"{path}: OK: {found.name}, {len(found.areas)} areas, {len(found.queues)} queues, "
        f"{len(found.schedules)} schedules, {len(found.accounts)} accounts, time zone {found.time_zone}"
    )


@app.command()
def demo(
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Play a recorded day through the stack; exit status 1 when the figures do not add up.

    Without a running stack, one is started for as long as the day takes.
    """
    from stack.demo import run  # it loads what no other command needs

    try:
        with running_stack():
            outcome = run(as_json)
    except NoStackError as error:
        _fail(str(error))
    raise typer.Exit(outcome)


@app.command("export-statuses")
def export_month(
    file: Annotated[Path, typer.Argument(help="The JSON Lines file to write.")],
    month: Annotated[str, typer.Option(help="YYYY-MM, by the institution's calendar.")],
    kafka: Bootstrap = None,
) -> None:
    """Write a month's statuses to a file, for `ventanilla recompute` and for auditors.

    With a day on either side, and with who is one person. Exit status 1 when a record could not be read.
    """
    if not re.fullmatch(r"[1-9]\d{3}-(0[1-9]|1[0-2])", month):
        _fail(f"{month} is no month; write YYYY-MM")
    zone = _institution(config_file()).zone
    done = _run(export.export_statuses(_bootstrap(kafka), month, zone, file))
    typer.echo(
        f"{file}: {done.statuses} statuses, {done.links} links, {done.echoes} echoes; "
        f"left on the topic: {done.other_months} of other months, {done.unreadable} unreadable"
    )
    raise typer.Exit(1 if done.unreadable else 0)


@topics_app.command("apply")
def topics_apply(
    kafka: Bootstrap = None,
    add_partitions: Annotated[
        bool,
        typer.Option(
            "--add-partitions",
            help="Add the partitions that are missing. Contacts then lie in other partitions than before, "
            "and their order is only kept when nothing runs and everything was read.",
        ),
    ] = False,
) -> None:
    """Make the topics that are missing, and change settings that differ. Nothing is ever deleted.

    VENTANILLA_KAFKA_REPLICATION (1) says how many brokers keep each record, VENTANILLA_KAFKA_MIN_INSYNC (all
    but one) how many must have it before it is acknowledged. Exit status 1 when something still differs.
    """
    applied = _run(topics.apply(_bootstrap(kafka), _copies(), add_partitions=add_partitions))
    lines = applied.lines()
    typer.echo("\n".join(lines) or "nothing to do: every topic is as declared")
    raise typer.Exit(1 if applied.left else 0)


@topics_app.command("diff")
def topics_diff(kafka: Bootstrap = None) -> None:
    """Compare the broker's topics with the declared ones; exit status 1 when they differ."""
    copies = _copies()
    lines = _run(topics.diff(_bootstrap(kafka), copies)).lines()
    typer.echo("\n".join(lines) or f"no difference: {len(topics.declared(copies))} topics as declared")
    raise typer.Exit(1 if lines else 0)


@letters_app.command("list")
def letters_list(
    topic: Queue = None,
    kafka: Bootstrap = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List what waits for a replay: where it stood, why it failed. Never its content."""
    found = _run(dead_letters.waiting(_bootstrap(kafka), topic))
    if as_json:
        for item in found:
            typer.echo(json.dumps(_facts(item)))
        return
    table = Table("written", "service", "source", "reason", "error")
    for item in found:
        facts = _facts(item)
        source = "refused at the edge" if not item.replayable else facts["source"]
        table.add_row(facts["written_at"], facts["service"], source, facts["reason"], facts["error"])
    Console().print(table) if found else typer.echo("no dead letters")


@letters_app.command("replay")
def letters_replay(topic: Queue = None, kafka: Bootstrap = None) -> None:
    """Put dead letters back on the topics that they came from. Mend the cause first."""
    back, left = _run(dead_letters.replay(_bootstrap(kafka), topic))
    typer.echo(f"{back} put back on their topics")
    if left:
        typer.echo(f"{left} left: refused at the edge, so never on a topic; their sender must send again")


def _facts(item: dead_letters.Waiting) -> dict[str, Any]:
    letter = item.letter
    return {
        "written_at": item.written_at.isoformat(timespec="seconds"),
        "topic": letter.topic,
        "service": letter.service,
        "source": f"{letter.topic}[{letter.partition}]@{letter.offset}",
        "partition": letter.partition,
        "offset": letter.offset,
        "attempt": letter.attempt,
        "reason": letter.reason,
        "error": letter.error,
        "queue": item.queue,
        "replayable": item.replayable,
    }


def _bootstrap(given: str | None) -> str:
    state = read_state(data_folder())
    found = given or (state.kafka if state else None) or os.environ.get("VENTANILLA_KAFKA_BOOTSTRAP")
    return found or _fail("no stack runs here: name a broker with --kafka or VENTANILLA_KAFKA_BOOTSTRAP")


def _copies() -> topics.Copies:
    try:
        return topics.copies_from(os.environ)
    except topics.TopicsError as error:
        _fail(str(error))


def _institution(path: Path) -> Institution:
    try:
        return load_institution(path)
    except ConfigError as error:
        _fail("\n".join(error.problems))


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except (topics.TopicsError, dead_letters.DeadLettersError, export.ExportError) as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)


def main() -> None:
    """The entry point."""
    app()
