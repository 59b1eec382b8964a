"""`ventanilla offers`, as a person and a program read it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stack.cli import app


def offers(*arguments: str, columns: str = "100") -> str:
    result = CliRunner().invoke(app, ["offers", *arguments], env={"COLUMNS": columns})
    assert result.exit_code == 0, result.output
    return result.stdout


def test_programs_get_the_tables_of_the_document() -> None:
    assert json.loads(offers("--json")) == {
        "movistar": {"months": ["3955.00"] + ["3277.00"] * 7, "total": "26894.00"},
        "tigo": {"months": ["3904.20"] + ["3226.20"] * 7, "total": "26487.60"},
    }


def test_programs_that_ask_for_a_volume_are_told_what_is_assumed() -> None:
    answer = json.loads(offers("--json", "--volume", "30000"))
    assert (answer["movistar"]["total"], answer["tigo"]["total"]) == ("28767.60", "27897.20")
    assert answer["tigo"]["volume"] == 30_000
    assert "0.0881" in answer["tigo"]["assumed"][1]


@pytest.mark.parametrize("columns", ["80", "100", "160"])
def test_people_see_every_figure_whole(columns: str) -> None:
    text = offers(columns=columns)
    for figure in ("3,955.00", "26,894.00", "3,904.20", "26,487.60", "683.65", "163.85", "2,378.70"):
        assert figure in text
    assert "…" not in text
    assert "Tigo costs 406.40 USD less" in text
    assert "Break-even volume: none" in text
    assert "Assumed for Tigo: 0.00 from conversation 1,001 to 28,000" in text


def test_people_see_where_a_price_that_they_give_breaks_even() -> None:
    text = " ".join(offers("--volume", "20000", "--beyond", "tigo=0.005").split())
    assert "from 11,161 conversations a month Movistar is the cheaper" in text
    assert "given with --beyond" in text


@pytest.mark.parametrize(
    ("beyond", "said"),
    [
        ("claro=1", "no offer is named 'claro'; use one of movistar, tigo"),
        ("tigo", "'' is no price; write one such as"),
        ("tigo=-1", "is no price"),
        ("tigo=NaN", "is no price"),
    ],
)
def test_a_price_that_is_none_is_refused(beyond: str, said: str) -> None:
    result = CliRunner().invoke(app, ["offers", "--beyond", beyond])
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_mistake_in_a_plan_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "tigo.yaml").write_text("id: tigo\nname: Tigo\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["offers"], env={"VENTANILLA_CONFIG": str(tmp_path / "cnr.yaml")})
    assert result.exit_code == 2
    assert "tigo.yaml:1: periods: Field required; add it" in result.stderr
