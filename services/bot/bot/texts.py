"""The bot's words: a catalogue, data of the case, checked at the start."""

from string import Formatter
from typing import Any

from pydantic import Field, field_validator

from ventanilla.checked_yaml import Section

_MAY_USE = {
    "greeting": {"institution"}, "choose_area_for": {"category"}, "choose_category": {"area"},
    "choose_fact": {"area", "category"}, "choose_general_fact": {"category"}, "source": {"source", "date"},
    "unreadable": {"kind"},
}  # fmt: skip


class Buttons(Section):
    """Labels. WhatsApp: 20 characters on a button, 24 in a row of a list."""

    open_menu: str = Field(max_length=20)
    other: str = Field(max_length=20)
    person: str = Field(max_length=20)
    person_row: str = Field(max_length=24)


class Texts(Section):
    """The file `texts.yaml`."""

    greeting: str = Field(max_length=400)
    choose_area: str = Field(max_length=200)
    choose_area_for: str = Field(max_length=200)
    choose_category: str = Field(max_length=200)
    choose_fact: str = Field(max_length=200)
    choose_general_fact: str = Field(max_length=200)
    source: str = Field(max_length=100)
    unconfirmed: str = Field(max_length=150)
    not_understood: str = Field(max_length=300)
    outside: str = Field(max_length=300)
    no_fact: str = Field(max_length=300)
    unreadable: str = Field(max_length=300)
    not_helped: str = Field(max_length=300)
    farewell: str = Field(max_length=300)
    buttons: Buttons
    kinds: dict[str, str]
    """What each type of content that the bot cannot read is called; `unknown` stands for the rest."""
    number_words: dict[str, int]
    """Words for a place in a list: 1 is the first, -1 the last. Lower case, no accents."""
    number_fillers: list[str]
    """Words around such a number that mean nothing."""

    @field_validator(*_MAY_USE, mode="after")
    @classmethod
    def _known_values(cls, text: str, info: Any) -> str:
        allowed = _MAY_USE[info.field_name]
        for _, name, _, _ in Formatter().parse(text):
            if name is not None and name not in allowed:
                raise ValueError(f"{{{name}}} is not known here; use {', '.join(sorted(allowed))}")
        return text

    @field_validator("kinds", mode="after")
    @classmethod
    def _has_a_rest(cls, kinds: dict[str, str]) -> dict[str, str]:
        if "unknown" not in kinds:
            raise ValueError("`unknown` is missing; it names whatever has no name here")
        return kinds
