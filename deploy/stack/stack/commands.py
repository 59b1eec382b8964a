"""Sub-commands that other members of the workspace bring, found by their entry points.

A member declares in its pyproject.toml, and nobody imports a service:

    [project.entry-points."ventanilla.commands"]
    offers = "billing.commands.offers:main"

Each value is a function with typer's annotations; its docstring is the help.
"""

from importlib.metadata import entry_points

import typer

GROUP = "ventanilla.commands"


def add_commands(app: typer.Typer) -> None:
    """Register every command of the group; a broken one must not take the others with it."""
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            command = entry.load()
        except Exception as error:
            typer.echo(f"ventanilla {entry.name} cannot be loaded: {error!r}", err=True)
            continue
        app.command(entry.name)(command)
