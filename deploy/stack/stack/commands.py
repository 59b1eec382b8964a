"""Sub-commands that other members of the workspace bring, found by their entry points.

A member declares in its pyproject.toml, and nobody imports a service:

    [project.entry-points."ventanilla.commands"]
    offers = "billing.commands.offers:main"

Each value is a function with typer's annotations; its docstring is the help. It is imported when it is
called or listed, so that a quick command does not wait for a slow one's libraries.
"""

from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer
from typer.core import TyperGroup

ENTRY_POINTS = "ventanilla.commands"


class OpenGroup(TyperGroup):
    """A group of commands that others add to. A broken one must not take the others with it."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *sorted(_brought())]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        own = super().get_command(ctx, cmd_name)
        entry = _brought().get(cmd_name)
        if own is not None or entry is None:
            return own
        try:
            function = entry.load()
        except Exception as error:
            typer.echo(f"ventanilla {cmd_name} cannot be loaded: {error!r}", err=True)
            return None
        single = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)
        single.command(cmd_name)(function)
        return typer.main.get_command(single)


def _brought() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=ENTRY_POINTS)}
