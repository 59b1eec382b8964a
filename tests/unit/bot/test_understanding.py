"""How well the bot reads what people write. The figures of held_out.yaml are the honest ones."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.understanding import OUTSIDE, PERSON
from bot.understanding.classifier import LinearUnderstander, load_understander
from bot.understanding.phrases import load_phrases
from bot.understanding.spelling import plain
from support.sentences import sentences

HERE = Path(__file__).parent
LANGUAGE = HERE.parents[2] / "deploy" / "config" / "language" / "es-SV"


@pytest.mark.parametrize(
    ("text", "area", "category"),
    [
        ("q papeles piden pa quitar la hipoteca", "rprh", "requisitos"),
        ("kuanto sale la extractada", "rprh", "aranceles"),
        ("fijese q meti un doc hace 15 dias y nada", None, "estado"),
        ("vos sabes si ese lote ta embargado?", "rprh", "asesorias"),
        ("comuniqueme con alguien xfa", None, "traslado"),
        ("presio del mapa", "igcn", "aranceles"),
        ("como va mi marca", "rpi", "estado"),
    ],
)
def test_the_phrases_of_the_case_are_read_as_people_mean_them(
    understander: LinearUnderstander, text: str, area: str | None, category: str
) -> None:
    reading = understander.understand(text)
    assert (reading.area, reading.category) == (area, category)
    assert reading.confidence > 0.8


@pytest.mark.parametrize("name", ["held_out", "development"])
def test_sentences_that_it_never_saw(understander: LinearUnderstander, name: str) -> None:
    asked = sentences(HERE / f"{name}.yaml")
    readings = [(sentence, understander.understand(sentence.text)) for sentence in asked]
    inside = [pair for pair in readings if pair[0].category != OUTSIDE]
    right = [(s.area, s.category) == (r.area, r.category) for s, r in inside]
    outside = [r.category == OUTSIDE for s, r in readings if s.category == OUTSIDE]
    person = [r.category == PERSON for s, r in readings if s.category == PERSON]
    called_person = [s.category == PERSON for s, r in readings if r.category == PERSON]
    wrong_but_sure = [
        s.text
        for s, r in readings
        if r.category != OUTSIDE and r.confidence >= 0.8 and (s.area, s.category) != (r.area, r.category)
    ]
    figures = {
        "in scope": sum(right) / len(right),
        "out of scope, recall": sum(outside) / len(outside),
        "person, recall": sum(person) / len(person),
        "person, precision": sum(called_person) / len(called_person),
        "wrong with confidence": len(wrong_but_sure) / len(readings),
    }
    shown = ", ".join(f"{what} {value:.3f}" for what, value in figures.items())
    print(f"\n{name}: {len(readings)} sentences, {shown}")  # noqa: T201  (seen with pytest -s)
    assert figures["in scope"] >= 0.90
    assert figures["out of scope, recall"] >= 0.90
    assert figures["person, recall"] >= 0.95
    assert figures["person, precision"] >= 0.95
    assert figures["wrong with confidence"] <= 0.03, wrong_but_sure


def test_more_confident_readings_are_more_often_right(understander: LinearUnderstander) -> None:
    readings = [(s, understander.understand(s.text)) for s in sentences(HERE / "held_out.yaml")]
    sure = [s.category == r.category for s, r in readings if r.confidence >= 0.8]
    unsure = [s.category == r.category for s, r in readings if r.confidence < 0.8]
    assert sum(sure) / len(sure) >= 0.95
    assert sum(unsure) / len(unsure) < sum(sure) / len(sure)


def test_no_sentence_of_the_examination_was_learnt() -> None:
    learnt = {plain(example.text) for example in load_phrases(LANGUAGE).examples}
    known = [s.text for s in sentences(HERE / "held_out.yaml") if plain(s.text) in learnt]
    assert not known


@pytest.mark.parametrize(
    "text",
    [
        "buenas tardes, presenté una escritura hace dos meses, la observaron, la corregí, y todavía no sale. "
        "Ya fui dos veces a la ventanilla. Por favor páseme con una persona",
        "hola mire ya revise la pagina y no sale nada de mi marca asi que mejor quiero hablar con alguien",
        "no no no eso no es lo que le pregunte, hay alguien que me atienda?",
        "QUIERO HABLAR CON UNA PERSONA!!!",
        "kiero aser el traspaso de la casa pero comunikeme con un ajente xfa",
    ],
)
def test_somebody_who_asks_for_a_person_in_passing_is_heard(
    understander: LinearUnderstander, text: str
) -> None:
    assert understander.understand(text).category == PERSON


@pytest.mark.parametrize(
    "text",
    [
        "la persona que me vendió el lote ya murió, qué hago",
        "soy persona natural, qué papeles piden para la matrícula de comercio",
        "puede ir otra persona a retirar mi documento",
        "a nombre de qué persona está ese terreno",
        "quién es el representante legal de esa sociedad",
        "cuánto cobra el Registro por inscribir a una persona jurídica",
    ],
)
def test_a_person_in_the_sentence_is_not_a_request_for_one(
    understander: LinearUnderstander, text: str
) -> None:
    assert understander.understand(text).category != PERSON


@pytest.mark.parametrize("text", ["", "   ", "\n", "…", "👍👍", "¿?¡!", "\x00", "您好"])
def test_nothing_readable_is_nothing_understood(understander: LinearUnderstander, text: str) -> None:
    reading = understander.understand(text)
    assert (reading.area, reading.category, reading.confidence) == (None, OUTSIDE, 0.0)


@given(st.text(max_size=300))
def test_no_text_breaks_it(understander: LinearUnderstander, text: str) -> None:
    reading = understander.understand(text)
    assert 0.0 <= reading.confidence <= 1.0
    assert reading == understander.understand(text)


def test_a_very_long_message_is_read_in_bounded_time(understander: LinearUnderstander) -> None:
    assert understander.understand("quiero registrar una marca " * 20_000).area == "rpi"


def test_two_replicas_read_alike(understander: LinearUnderstander) -> None:
    other = load_understander(LANGUAGE)
    for sentence in sentences(HERE / "held_out.yaml")[::5]:
        assert understander.understand(sentence.text) == other.understand(sentence.text)
