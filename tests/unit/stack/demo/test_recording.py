"""The recorded day is what the case says a day is like, and the same on every machine."""

from collections import Counter
from datetime import time
from pathlib import Path

import pytest
import yaml

from stack.demo.record import main
from stack.demo.recording import DAY, Citizen, Step, load_day
from ventanilla.institution import load_institution

CASE = Path(__file__).parents[4] / "deploy" / "config" / "cnr.yaml"


def test_the_stored_day_is_what_its_script_makes(tmp_path: Path) -> None:
    words = tmp_path / "citizens.yaml"
    words.write_bytes(DAY.with_name("citizens.yaml").read_bytes())
    main(tmp_path / "day.jsonl")
    assert (tmp_path / "day.jsonl").read_bytes() == DAY.read_bytes()


def test_it_has_three_hundred_citizens_and_a_thousand_messages() -> None:
    day = load_day()
    assert len(day) >= 300
    assert sum(len(citizen.steps) for citizen in day) >= 1000
    assert [one.steps[0].at for one in day] == sorted(one.steps[0].at for one in day)
    assert len({one.number for one in day}) == len(day)


def test_people_write_for_the_reasons_of_the_agreement() -> None:
    day = load_day()
    shares = {"requisitos": 31.50, "asesorias": 30.32, "estado": 22.17, "traslado": 12.17, "aranceles": 3.84}
    counts = Counter(citizen.category for citizen in day)
    assert counts.keys() == shares.keys()
    for category, percent in shares.items():
        assert abs(counts[category] - len(day) * percent / 100) < 1


def test_every_area_of_the_case_occurs_and_nothing_that_it_does_not_have() -> None:
    institution = load_institution(CASE)
    day = load_day()
    assert {citizen.area for citizen in day} == {*institution.areas, None}
    assert {citizen.category for citizen in day} == institution.categories.keys()
    picked = {step.pick for citizen in day for step in citizen.steps if isinstance(step.pick, str)}
    known = {f"area:{area}" for area in institution.areas}
    known |= {f"category:{category}" for category in institution.categories} | {"person"}
    assert picked <= known


def test_it_runs_before_in_and_after_office_hours_and_each_citizen_forward() -> None:
    day = load_day()
    begins = [citizen.steps[0].at for citizen in day]
    assert any(at < time(7, 30) for at in begins)
    assert any(at >= time(16) for at in begins)
    assert sum(time(7, 30) <= at < time(16) for at in begins) > len(day) / 2
    for citizen in day:
        moments = [step.at for step in citizen.steps]
        assert moments == sorted(set(moments))


def test_it_has_what_providers_and_telephones_do() -> None:
    day = load_day()
    steps = [step for citizen in day for step in citizen.steps]
    assert sum(step.again for step in steps) > 100
    assert {"audio", "image", "location", "document", "reaction"} <= {step.send for step in steps}
    assert any(step.send and step.send not in ("audio", "image") for step in steps)
    assert {citizen.ids for citizen in day} == {"number", "user_id", "both"}
    troubles = [citizen.trouble for citizen in day]
    for behaviour in ("duplicate_statuses", "late_sent", "skip_delivered", "silent"):
        assert any(trouble.behaviour.get(behaviour) for trouble in troubles)
    assert {trouble.failure.get("code") for trouble in troubles} == {None, 503, 131000, 131026}
    assert any(step.at_once for step in steps)


def test_a_reaction_never_comes_first() -> None:
    assert not any(citizen.steps[0].is_aside for citizen in load_day())


def test_a_step_is_one_thing() -> None:
    with pytest.raises(ValueError, match="one of say, pick, send"):
        Step(at=time(8), say="hola", pick=1)


def test_the_words_of_the_day_are_in_its_catalogue() -> None:
    words = yaml.safe_load(DAY.with_name("citizens.yaml").read_text(encoding="utf-8"))
    assert all(set(citizen.agents) <= set(words["agents"]) for citizen in load_day())
    assert isinstance(load_day()[0], Citizen)
