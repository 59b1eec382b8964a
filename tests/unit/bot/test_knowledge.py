"""The facts of the case, and what the check of a facts folder says."""

from pathlib import Path

import pytest

from bot.knowledge import FactBase, load_facts
from bot.understanding.classifier import LinearUnderstander
from ventanilla.checked_yaml import ConfigError
from ventanilla.institution import Institution

GOOD = """
area: rprh
facts:
  - id: one
    category: aranceles
    title: Uno
    questions: [cuánto cuesta uno]
    answer: "Cuesta $1.00."
    source: www.example.org
    date: 2026-11-25
"""


@pytest.mark.parametrize(
    ("question", "figure"),
    [
        ("cuanto sale la extractada", "$8.86"),
        ("precio de la certificacion literal", "$0.35"),
        ("cuanto cobran por segregar un lote", "$5,400.00"),
        ("cuanto vale la constancia de balance", "$5.00"),
        ("cuanto pago por traspasar la matricula del negocio", "$6.00"),
    ],
)
def test_every_fee_that_was_found_is_answered_with_its_source_and_date(
    knowledge: FactBase, understander: LinearUnderstander, question: str, figure: str
) -> None:
    reading = understander.understand(question)
    fact = knowledge.best(question, reading.area, reading.category)
    assert fact is not None
    assert figure in fact.answer
    assert fact.confirmed
    assert fact.source.endswith("cnr.gob.sv")


def test_what_is_not_confirmed_holds_no_money(knowledge: FactBase) -> None:
    assert not [fact.id for fact in knowledge.facts if not fact.confirmed and "$" in fact.answer]


def test_every_area_knows_something_in_every_category(knowledge: FactBase, institution: Institution) -> None:
    for area in institution.areas:
        for category in institution.categories:
            if category != "traslado":
                assert knowledge.of(area, category), f"{area}/{category}"


def test_a_question_finds_its_own_fact(knowledge: FactBase) -> None:
    for fact in knowledge.facts:
        for question in fact.questions:
            found = knowledge.best(question, fact.area, fact.category)
            assert found is not None
            assert found.id == fact.id, question


def test_an_unlike_question_finds_none(knowledge: FactBase) -> None:
    assert knowledge.best("cuanto cuesta una certificacion de no se que", "rgm", "requisitos") is None


def test_facts_bear_the_area_of_their_file(tmp_path: Path, institution: Institution) -> None:
    (tmp_path / "a.yaml").write_text(GOOD, encoding="utf-8")
    (fact,) = load_facts(tmp_path, institution)
    assert (fact.id, fact.area) == ("one", "rprh")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("area: rprh", "area: moon"), "a.yaml:2: area: 'moon' is unknown; areas are rprh"),
        (("category: aranceles", "category: magia"), "a.yaml:5: facts.0.category: 'magia' is unknown"),
        (("    title: Uno\n", ""), "a.yaml:4: facts.0.title: Field required; add it"),
        (("    source: www.example.org\n", ""), "facts.0.source: Field required; add it"),
        (("title: Uno", "titel: Uno"), "facts.0.titel"),
        (
            ("2026-11-25", "2026-11-25\n    confirmed: false"),
            "the answer gives a figure and is not confirmed",
        ),
        (("title: Uno", "title: Uno que no cabe en una fila de lista"), "at most 24 characters"),
        (("area: rprh", "area: [rprh"), "fix the YAML syntax there"),
    ],
)
def test_a_mistake_is_said_with_its_place(
    tmp_path: Path, institution: Institution, change: tuple[str, str], problem: str
) -> None:
    (tmp_path / "a.yaml").write_text(GOOD.replace(*change), encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_facts(tmp_path, institution)
    assert problem in str(error.value)


def test_an_id_used_twice_and_too_many_facts_are_mistakes(tmp_path: Path, institution: Institution) -> None:
    (tmp_path / "a.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(GOOD, encoding="utf-8")
    facts = GOOD.split("facts:\n")[1]
    many = "".join(facts.replace("id: one", f"id: n{number}") for number in range(9))
    (tmp_path / "c.yaml").write_text(f"area: rgm\nfacts:\n{many}", encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_facts(tmp_path, institution)
    assert "the id 'one' is used 2 times" in str(error.value)
    assert "rgm/aranceles: 9 facts; a list shows 8" in str(error.value)


def test_an_empty_folder_is_a_mistake(tmp_path: Path, institution: Institution) -> None:
    with pytest.raises(ConfigError, match="no facts there"):
        load_facts(tmp_path, institution)
