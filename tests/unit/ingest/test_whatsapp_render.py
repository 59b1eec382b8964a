"""What WhatsApp is asked to show: within Meta's limits, nothing lost."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.channels.whatsapp.render import (
    MAX_LIST_BUTTON,
    MAX_MENU_TEXT,
    MAX_ROW_DESCRIPTION,
    MAX_ROW_TITLE,
    MAX_TEXT,
    render,
    split,
)
from ventanilla.contracts.channel import Menu, Option, Template, TextOut


def menu(*titles: str, text: str = "¿Qué necesita?", described: bool = False) -> Menu:
    options = [
        Option(id=f"o{place}", title=title, description="Más sobre esto" if described else None)
        for place, title in enumerate(titles)
    ]
    return Menu(text=text, options=options, button="Ver opciones")


def test_a_text_is_one_request() -> None:
    assert render(TextOut(text="Buenas tardes.")) == [
        {"type": "text", "text": {"preview_url": False, "body": "Buenas tardes."}}
    ]


def test_three_short_options_are_buttons() -> None:
    (body,) = render(menu("Sí", "No", "Hablar con alguien"))
    assert body["interactive"] == {
        "type": "button",
        "body": {"text": "¿Qué necesita?"},
        "action": {
            "buttons": [
                {"type": "reply", "reply": {"id": "o0", "title": "Sí"}},
                {"type": "reply", "reply": {"id": "o1", "title": "No"}},
                {"type": "reply", "reply": {"id": "o2", "title": "Hablar con alguien"}},
            ]
        },
    }


@pytest.mark.parametrize(
    "asked",
    [
        menu("a", "b", "c", "d"),
        menu("Propiedad Intelectual", "b"),
        menu("a", "b", described=True),
        menu(*(f"Opción {number}" for number in range(10))),
    ],
    ids=["four", "a title over 20", "descriptions", "ten"],
)
def test_what_does_not_fit_on_buttons_is_a_list(asked: Menu) -> None:
    (body,) = render(asked)
    rows = body["interactive"]["action"]["sections"][0]["rows"]
    assert body["interactive"]["type"] == "list"
    assert [row["id"] for row in rows] == [option.id for option in asked.options]


def test_a_title_too_long_for_a_row_stands_whole_below_it() -> None:
    (body,) = render(menu("Registro de la Propiedad Raíz e Hipotecas", "b"))
    row = body["interactive"]["action"]["sections"][0]["rows"][0]
    assert row["title"] == "Registro de la Propieda…"
    assert row["description"] == "Registro de la Propiedad Raíz e Hipotecas"


@pytest.mark.parametrize(
    "asked",
    [menu(*(f"Opción {number}" for number in range(11))), menu("Igual", "Igual"), menu("", "b")],
    ids=["eleven", "two of one name", "a title of nothing"],
)
def test_what_fits_on_neither_is_numbered_text(asked: Menu) -> None:
    (body,) = render(asked)
    assert body["type"] == "text"
    assert body["text"]["body"].startswith(f"¿Qué necesita?\n\n1. {asked.options[0].title}")


def test_a_question_too_long_for_a_menu_goes_before_it() -> None:
    question = ("Los requisitos son estos. " * 60).rstrip()
    *texts, last = render(menu("Sí", "No", text=question))
    assert "".join(body["text"]["body"] for body in texts) + last["interactive"]["body"]["text"] == question


def test_a_template_carries_its_parameters() -> None:
    assert render(Template(name="seguimiento", language="es", parameters=["María"])) == [
        {
            "type": "template",
            "template": {
                "name": "seguimiento",
                "language": {"code": "es"},
                "components": [{"type": "body", "parameters": [{"type": "text", "text": "María"}]}],
            },
        }
    ]
    assert render(Template(name="x", language="es"))[0]["template"] == {
        "name": "x",
        "language": {"code": "es"},
    }


def test_a_long_text_is_cut_after_a_sentence() -> None:
    text = "Primera frase. " * 400
    pieces = split(text)
    assert len(pieces) == 2
    assert pieces[0].endswith("frase. ")


TEXTS = st.text(st.sampled_from("aé .\n!¿x"), max_size=400)


@given(TEXTS, st.integers(2, 60))
def test_cutting_loses_nothing_and_never_exceeds_the_limit(text: str, limit: int) -> None:
    pieces = split(text, limit)
    assert "".join(pieces) == text
    assert all(len(piece) <= limit for piece in pieces)
    assert all(pieces) or pieces == [""]


@given(TEXTS, st.integers(20, 60))
def test_a_word_is_cut_only_where_no_other_place_is(text: str, limit: int) -> None:
    for before, after in zip(pieces := split(text, limit), pieces[1:], strict=False):
        if before[-1].isspace() or after[0].isspace():
            continue
        assert not any(sign.isspace() for sign in before[limit // 2 :])


OPTIONS = st.builds(
    Option,
    id=st.text(min_size=1, max_size=8),
    title=st.text(max_size=60),
    description=st.none() | st.text(max_size=120),
)


@given(
    st.builds(
        Menu, text=st.text(max_size=3000), options=st.lists(OPTIONS, max_size=14), button=st.text(max_size=40)
    )
)
def test_every_menu_is_within_the_limits(asked: Menu) -> None:
    bodies = render(asked)
    assert bodies
    for body in bodies:
        if body["type"] == "text":
            assert len(body["text"]["body"]) <= MAX_TEXT
        else:
            _check(body["interactive"])


def _check(interactive: dict[str, Any]) -> None:
    assert 0 < len(interactive["body"]["text"]) <= MAX_MENU_TEXT
    if interactive["type"] == "button":
        titles = [button["reply"]["title"] for button in interactive["action"]["buttons"]]
        assert 1 <= len(titles) <= 3
        assert all(0 < len(title) <= 20 for title in titles)
        return
    assert len(interactive["action"]["button"]) <= MAX_LIST_BUTTON
    rows = interactive["action"]["sections"][0]["rows"]
    assert 1 <= len(rows) <= 10
    for row in rows:
        assert 0 < len(row["title"]) <= MAX_ROW_TITLE
        assert len(row.get("description", "")) <= MAX_ROW_DESCRIPTION
