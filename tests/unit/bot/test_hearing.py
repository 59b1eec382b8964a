"""What a message is to the bot."""

import pytest

from bot.domain.dialogue import Offered
from bot.domain.hearing import Chosen, Heard, Said, Silence, Unreadable, hear
from bot.texts import Texts
from ventanilla.contracts.channel import (
    Choice,
    FlowAnswer,
    InboundContent,
    Location,
    Media,
    Reaction,
    SystemNotice,
    Text,
    Unknown,
)

OFFERED = (Offered(id="a", title="Propiedad Raíz"), Offered(id="b", title="Comercio"))


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("2", Chosen("b")),
        ("2.", Chosen("b")),
        ("la 2", Chosen("b")),
        ("Opción 2 por favor", Chosen("b")),
        ("dos", Chosen("b")),
        ("la segunda", Chosen("b")),
        ("LA ÚLTIMA", Chosen("b")),
        ("comercio", Chosen("b")),
        ("propiedad raiz", Chosen("a")),
        ("3", Said("3")),
        ("0", Said("0")),
        ("2023045678", Said("2023045678")),
        ("2 casas", Said("2 casas")),
        ("1 o 2", Said("1 o 2")),
        ("", Said("")),
    ],
)
def test_options_typed_by_hand(texts: Texts, text: str, heard: Heard) -> None:
    assert hear(Text(text=text), OFFERED, frozenset(), texts) == heard


def test_a_number_without_a_menu_is_a_sentence(texts: Texts) -> None:
    assert hear(Text(text="2"), (), frozenset(), texts) == Said("2")


@pytest.mark.parametrize(
    ("content", "heard"),
    [
        (Choice(kind="button_reply", choice_id="old", title="x"), Chosen("old")),
        (Choice(kind="button", choice_id="campaign", title="Comercio"), Chosen("b")),
        (Choice(kind="button", choice_id="campaign", title="Otra"), Said("Otra")),
        (Media(type="image", media_id="1", caption="una foto"), Said("una foto")),
        (Media(type="image", media_id="1", caption=" "), Unreadable("image")),
        (Media(type="audio", media_id="1"), Unreadable("audio")),
        (Location(latitude=0, longitude=0), Unreadable("location")),
        (FlowAnswer(), Unreadable("flow_answer")),
        (Unknown(provider_type="poll"), Unreadable("unknown")),
        (Reaction(provider_message_id="1"), Silence()),
        (SystemNotice(kind="user_changed_number"), Silence()),
    ],
)
def test_contents(texts: Texts, content: InboundContent, heard: Heard) -> None:
    assert hear(content, OFFERED, frozenset({"old"}), texts) == heard
