"""`ventanilla understand`, run as a process: sentences in, lines out."""

import json
import os
import subprocess
import sys
from pathlib import Path

import typer
from typer.testing import CliRunner

from bot.cli import understand

CHECKOUT = Path(__file__).parents[3]
APP = typer.Typer()
APP.command()(understand)


def test_one_line_in_one_json_line_out() -> None:
    asked = b"presio del mapa\n\ncomuniqueme con alguien xfa\nva a llover\n\xff\xfe\n"
    result = CliRunner().invoke(APP, ["--json"], input=asked)
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["area"], line["category"]) for line in lines] == [
        ("igcn", "aranceles"),
        (None, "fuera"),
        (None, "traslado"),
        (None, "fuera"),
        (None, "fuera"),
    ]
    assert lines[1]["confidence"] == lines[4]["confidence"] == 0.0
    assert all(set(line) == {"text", "area", "category", "confidence"} for line in lines)


def test_without_json_a_table_for_people() -> None:
    result = CliRunner().invoke(APP, [], input="como va mi marca\n")
    assert "estado" in result.stdout
    assert "rpi" in result.stdout


def test_a_missing_language_folder_is_said() -> None:
    result = CliRunner().invoke(APP, ["--json"], input="", env={"VENTANILLA_LANGUAGE": "/nowhere"})
    assert result.exit_code == 2
    assert "/nowhere" in result.output


def test_each_answer_comes_as_soon_as_its_line() -> None:
    code = "import typer; from bot.cli import understand; typer.run(understand)"
    with subprocess.Popen(
        [sys.executable, "-c", code, "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=CHECKOUT,
        env=os.environ | {"PYTHONUNBUFFERED": "0"},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for text in ("hola", "precio del mapa"):
            process.stdin.write(f"{text}\n".encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["text"] == text
        process.stdin.close()
        assert process.wait(60) == 0
