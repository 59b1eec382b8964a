"""What somebody wrote on the number's own telephone: to whom, what, and what is refused."""

from typing import Any

import pytest
from pydantic_core import from_json

from ingest.channels.whatsapp.drafts import Drafts
from ingest.channels.whatsapp.parse import parse
from support.messages import NOON
from support.whatsapp import (
    ACCOUNT,
    MARIA,
    MARIA_USER,
    OTHER_ACCOUNT,
    contact,
    echo,
    echoes,
    message,
    raw,
    webhook,
)
from ventanilla.contracts.channel import (
    Channel,
    ContactCards,
    InboundContent,
    Location,
    Media,
    Reaction,
    Text,
    Unknown,
    echo_id,
)

OURS = frozenset({ACCOUNT, OTHER_ACCOUNT})
WITHOUT_NAME = {"wa_id": MARIA, "user_id": MARIA_USER}
"""As Meta sends `contacts` along with an echo: ids, and no profile."""


def read(*changes: dict[str, Any]) -> Drafts:
    return parse(raw(webhook(*changes)), OURS)


WHO: dict[str, tuple[dict[str, Any], list[Any], tuple[str, ...], str | None]] = {
    "the number it was sent to": (echo(), [], (MARIA,), None),
    "a number, spelt out": (echo(to="+503 7000-1234"), [], (MARIA,), None),
    "number and user id": (echo(to_user_id=MARIA_USER), [WITHOUT_NAME], (MARIA, MARIA_USER), None),
    "the user id only in contacts": (echo(), [WITHOUT_NAME], (MARIA, MARIA_USER), None),
    "a hidden number": (echo(to=None, to_user_id=MARIA_USER), [], (MARIA_USER,), None),
    "a parent's user id": (
        echo(to=None, to_user_id=MARIA_USER, to_parent_user_id="SV.ENT.99"), [],
        (MARIA_USER, "SV.ENT.99"), None,
    ),
    "a contact with a name": (echo(), [contact("María")], (MARIA,), "María"),
}  # fmt: skip


@pytest.mark.parametrize("name", WHO)
def test_the_citizen_is_who_it_was_sent_to(name: str) -> None:
    sent, contacts, ids, called = WHO[name]
    drafts = read(echoes([sent], contacts=contacts))
    (draft,) = drafts.echoes
    assert (draft.person.ids, draft.person.name) == (ids, called)
    assert (drafts.messages, drafts.statuses, drafts.rejects) == ([], [], [])


def test_in_a_group_the_group_is_the_contact() -> None:
    by_id, by_type = read(
        echoes([echo(group_id="Y2Fw"), echo(to="Y2Fw", recipient_type="group", id="wamid.E2")])
    ).echoes
    assert by_id.person.ids == by_type.person.ids == ("Y2Fw",)
    assert by_id.person.group_id == by_type.person.group_id == "Y2Fw"


CONTENTS: dict[str, tuple[dict[str, Any], InboundContent]] = {
    "a text": (echo("text", {"body": "Le llamo enseguida."}), Text(text="Le llamo enseguida.")),
    "a picture": (
        echo("image", {"id": "900", "mime_type": "image/jpeg", "caption": "el plano"}),
        Media(type="image", media_id="900", mime_type="image/jpeg", caption="el plano"),
    ),
    "a file": (
        echo("document", {"id": "903", "filename": "constancia.pdf"}),
        Media(type="document", media_id="903", filename="constancia.pdf"),
    ),
    "a voice note": (
        echo("audio", {"id": "902", "voice": True}), Media(type="audio", media_id="902", voice=True),
    ),
    "a place": (
        echo("location", {"latitude": 13.7, "longitude": -89.2, "name": "CNR"}),
        Location(latitude=13.7, longitude=-89.2, name="CNR"),
    ),
    "a card": (
        echo("contacts", [{"name": {"formatted_name": "Mesa 4"}}]),
        ContactCards(cards=[{"name": {"formatted_name": "Mesa 4"}}]),
    ),
    "a thumb": (
        echo("reaction", {"message_id": "wamid.A1", "emoji": "👍"}),
        Reaction(provider_message_id="wamid.A1", emoji="👍"),
    ),
    "a message taken back": (
        echo("revoke", {"original_message_id": "wamid.E0"}),
        Unknown(
            provider_type="revoke",
            payload={
                "timestamp": "1700000000", "type": "revoke",
                "revoke": {"original_message_id": "wamid.E0"},
            },
        ),
    ),
    "a type of next year": (
        echo("hologram", {"id": "1"}),
        Unknown(
            provider_type="hologram",
            payload={
                "timestamp": "1700000000", "type": "hologram", "hologram": {"id": "1"},
            },
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTENTS)
def test_the_contents_are_those_of_a_message_that_comes_in(name: str) -> None:
    sent, content = CONTENTS[name]
    (draft,) = read(echoes([sent])).echoes
    assert draft.content == content


def test_no_number_is_on_the_topic() -> None:
    (draft,) = read(echoes([echo("hologram", {"id": "1"}, to_user_id=MARIA_USER)])).echoes
    written = draft.event("c" * 32, NOON).model_dump_json()
    assert MARIA not in written
    assert MARIA_USER not in written
    assert "50325935000" not in written


def test_the_same_echo_again_is_the_same_event_and_of_another_account_is_not() -> None:
    first, again, other = (
        read(echoes([echo()], account)).echoes[0].event("c", NOON)
        for account in (ACCOUNT, ACCOUNT, OTHER_ACCOUNT)
    )
    assert first == again
    assert first.id == echo_id(Channel.WHATSAPP, ACCOUNT, "wamid.E1") != other.id
    assert first.occurred_at.isoformat() == "2023-11-14T22:13:20+00:00"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (echo(id=None), "no_id"),
        (echo(id=" "), "no_id"),
        (echo(timestamp="ayer"), "bad_timestamp"),
        (echo(timestamp=None), "bad_timestamp"),
        (echo(to=None), "no_recipient"),
        (echo(to="  "), "no_recipient"),
        (echo(to=50370001234), "bad_content"),
        (echo(type=None), "bad_content"),
        (echo("text", {}), "bad_content"),
        (echo("reaction", None), "bad_content"),
        ("hola", "bad_content"),
        (None, "bad_content"),
    ],
)
def test_one_senseless_echo_is_refused_and_the_rest_goes_on(bad: Any, reason: str) -> None:
    drafts = read(echoes([echo(id="before"), bad, echo(id="after")]))
    assert [one.provider_message_id for one in drafts.echoes] == ["before", "after"]
    (reject,) = drafts.rejects
    assert (reject.reason, reject.topic.name) == (reason, "channel.message.echoed.v1")
    (alone,) = from_json(reject.body)["entry"][0]["changes"]
    assert (alone["field"], alone["value"]["message_echoes"]) == ("smb_message_echoes", [bad])


def test_an_echo_and_a_message_do_not_meet_by_their_only_contact() -> None:
    drafts = read(
        echoes([echo(to="50372220000")], contacts=[contact()], messages=[message(from_="50371115678")])
    )
    assert drafts.echoes[0].person.ids == ("50372220000",)
