"""`ventanilla understand`: what the bot makes of sentences, one a line."""

import json
import sys
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.settings import CommandSettings, language_folder
from bot.understanding import Understander, Understanding
from ventanilla.institution import ConfigError, load_institution


def understand(
    json_output: Annotated[bool, typer.Option("--json", help="One JSON line for each sentence.")] = False,
) -> None:
    """Read sentences from standard input, one a line, and say how the bot understands each.

    With --json every answer is written as soon as its line is read. An empty line is `fuera`, confidence 0.
    """
    # Here and not above: every `ventanilla` command loads this file, and scikit-learn takes two seconds.
    from bot.understanding.classifier import load_understander

    settings = CommandSettings()
    try:
        folder = language_folder(settings, load_institution(settings.config))
        understander = load_understander(folder)
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    readings = _readings(understander)
    if json_output:
        for text, reading in readings:
            sys.stdout.write(_json(text, reading) + "\n")
            sys.stdout.flush()
        return
    table = Table("Frase", "Área", "Categoría", "Confianza")
    for text, reading in readings:
        table.add_row(text, reading.area or "-", reading.category, f"{reading.confidence:.2f}")
    Console().print(table)


def _readings(understander: Understander) -> Iterator[tuple[str, Understanding]]:
    # Bytes, because a line that is not UTF-8 is a sentence like any other. `readline` does not read ahead.
    for line in iter(sys.stdin.buffer.readline, b""):
        text = line.decode("utf-8", errors="replace").rstrip("\r\n")
        yield text, understander.understand(text)


def _json(text: str, reading: Understanding) -> str:
    answer = {
        "text": text,
        "area": reading.area,
        "category": reading.category,
        "confidence": reading.confidence,
    }
    return json.dumps(answer, ensure_ascii=False)
