"""Each type of message that Meta documents, and what the rest of the system sees of it."""

from typing import Any

import pytest

from ingest.channels.whatsapp.drafts import MessageDraft
from ingest.channels.whatsapp.parse import parse
from support.whatsapp import ACCOUNT, MARIA, change, contact, message, raw, webhook
from ventanilla.contracts.channel import (
    Choice,
    ContactCards,
    FlowAnswer,
    Location,
    Media,
    Order,
    Reaction,
    SystemNotice,
    Text,
    Unknown,
)


def only(sent: dict[str, Any], **value: Any) -> MessageDraft:
    drafts = parse(raw(webhook(change(messages=[sent], contacts=[contact()], **value))), {ACCOUNT})
    assert drafts.rejects == []
    (draft,) = drafts.messages
    return draft


SHA = "Mi1pOcAmCvLqKQ5uJmHVnrYdZqAxKLYYg3Jvf3QbZWc="
ERRORS = [{"code": 131051, "title": "Message type is not currently supported"}]

CASES: dict[str, tuple[dict[str, Any], Any]] = {
    "a text": (
        message("text", {"body": "¿cuánto sale la extractada?"}),
        Text(text="¿cuánto sale la extractada?"),
    ),
    "an empty text": (message("text", {"body": ""}), Text(text="")),
    "a picture with a caption": (
        message("image", {"id": "900", "mime_type": "image/jpeg", "sha256": SHA, "caption": "mi recibo"}),
        Media(type="image", media_id="900", mime_type="image/jpeg", sha256=SHA, caption="mi recibo"),
    ),
    "a video": (
        message("video", {"id": "901", "mime_type": "video/mp4", "sha256": SHA}),
        Media(type="video", media_id="901", mime_type="video/mp4", sha256=SHA),
    ),
    "a voice note": (
        message("audio", {"id": "902", "mime_type": "audio/ogg; codecs=opus", "voice": True}),
        Media(type="audio", media_id="902", mime_type="audio/ogg; codecs=opus", voice=True),
    ),
    "a file": (
        message("document", {"id": "903", "filename": "escritura.pdf", "mime_type": "application/pdf"}),
        Media(type="document", media_id="903", filename="escritura.pdf", mime_type="application/pdf"),
    ),
    "a moving sticker": (
        message("sticker", {"id": "904", "mime_type": "image/webp", "animated": True}),
        Media(type="sticker", media_id="904", mime_type="image/webp", animated=True),
    ),
    "a place with a name": (
        message("location", {"latitude": 13.7001, "longitude": -89, "name": "CNR", "address": "1a. Calle"}),
        Location(latitude=13.7001, longitude=-89.0, name="CNR", address="1a. Calle"),
    ),
    "an address-book card": (
        message("contacts", [{"name": {"formatted_name": "Ana"}, "phones": [{"phone": "+503 7000-0000"}]}]),
        ContactCards(cards=[{"name": {"formatted_name": "Ana"}, "phones": [{"phone": "+503 7000-0000"}]}]),
    ),
    "a card that is only a vcard": (
        message("contacts", [{"vcard": "BEGIN:VCARD\nEND:VCARD"}]),
        ContactCards(cards=[{"vcard": "BEGIN:VCARD\nEND:VCARD"}]),
    ),
    "a pressed reply button": (
        message(
            "interactive", {"type": "button_reply", "button_reply": {"id": "area:rprh", "title": "Propiedad"}}
        ),
        Choice(kind="button_reply", choice_id="area:rprh", title="Propiedad"),
    ),
    "a picked row": (
        message(
            "interactive",
            {
                "type": "list_reply",
                "list_reply": {"id": "cat:2", "title": "Asesorías", "description": "Cómo"},
            },
        ),
        Choice(kind="list_reply", choice_id="cat:2", title="Asesorías", description="Cómo"),
    ),
    "a pressed button of a template": (
        message("button", {"payload": "seguir", "text": "Sí, seguir"}),
        Choice(kind="button", choice_id="seguir", title="Sí, seguir"),
    ),
    "a filled-in form": (
        message(
            "interactive",
            {
                "type": "nfm_reply",
                "nfm_reply": {"name": "flow", "body": "Sent", "response_json": '{"dui": "x"}'},
            },
        ),
        FlowAnswer(name="flow", body="Sent", answers={"dui": "x"}, raw='{"dui": "x"}'),
    ),
    "a form whose answers are no JSON": (
        message("interactive", {"type": "nfm_reply", "nfm_reply": {"response_json": "{oops"}}),
        FlowAnswer(answers=None, raw="{oops"),
    ),
    "a reaction": (
        message("reaction", {"message_id": "wamid.Z", "emoji": "👍"}),
        Reaction(provider_message_id="wamid.Z", emoji="👍"),
    ),
    "a reaction taken back": (
        message("reaction", {"message_id": "wamid.Z"}),
        Reaction(provider_message_id="wamid.Z", emoji=None),
    ),
    "a reaction taken back, with an empty sign": (
        message("reaction", {"message_id": "wamid.Z", "emoji": ""}),
        Reaction(provider_message_id="wamid.Z", emoji=None),
    ),
    "an order": (
        message("order", {"catalog_id": "7", "text": "dos", "product_items": [{"quantity": 2}]}),
        Order(catalog_id="7", text="dos", items=[{"quantity": 2}]),
    ),
    "a changed number, which the notice does not spread": (
        message(
            "system",
            {
                "type": "user_changed_number",
                "wa_id": "50379990000",
                "body": "User María changed from 50370001234 to 50379990000",
            },
        ),
        SystemNotice(kind="user_changed_number", body="User María changed from …1234 to …0000"),
    ),
    "something Meta cannot show": (
        message("unsupported", errors=ERRORS),
        Unknown(
            provider_type="unsupported",
            payload={"timestamp": "1700000000", "type": "unsupported", "errors": ERRORS},
            errors=ERRORS,
        ),
    ),
    "a type that nobody knows yet": (
        message("hologram", {"depth": 3}),
        Unknown(
            provider_type="hologram",
            payload={
                "timestamp": "1700000000",
                "type": "hologram",
                "hologram": {"depth": 3},
            },
        ),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_citizen_sends(name: str) -> None:
    sent, expected = CASES[name]
    assert only(sent).content == expected


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        (
            "a permission to call",
            message("interactive", {"type": "call_permission_reply", "call_permission_reply": {}}),
        ),
        ("an answer without an object, but with errors", message("interactive", errors=ERRORS)),
        ("a picture that Meta lost", message("image", {"mime_type": "image/png"}, errors=ERRORS)),
        ("an edit", message("edit", {"original_message_id": "wamid.O", "message": {"type": "text"}})),
        ("a revocation", message("revoke", {"original_message_id": "wamid.O"})),
    ],
)
def test_what_is_not_understood_is_kept_whole_but_for_the_number(name: str, sent: dict[str, Any]) -> None:
    content = only(sent).content
    assert isinstance(content, Unknown)
    assert content.provider_type == sent["type"]
    assert content.payload == {name: value for name, value in sent.items() if name not in ("from", "id")}


def test_an_edit_names_the_message_that_it_changes() -> None:
    assert only(message("edit", {"original_message_id": "wamid.O"})).reply_to == "wamid.O"


def test_what_a_message_answers_and_whether_it_was_forwarded_is_kept() -> None:
    draft = only(message(context={"from": "50325935000", "id": "wamid.Q", "forwarded": True}))
    assert (draft.reply_to, draft.forwarded) == ("wamid.Q", True)
    assert only(message(context={"frequently_forwarded": True})).forwarded


def test_the_advertisement_that_a_citizen_came_from_is_kept() -> None:
    referral = {"source_type": "ad", "source_id": "12", "headline": "Inscriba su marca"}
    assert only(message(referral=referral)).referral == referral


def test_fields_that_are_new_do_no_harm() -> None:
    assert only(message("text", {"body": "hola", "tone": "kind"}, quantum=True)).content == Text(text="hola")


def test_an_agent_sees_the_name_and_the_last_four_digits() -> None:
    sender = only(message()).sender
    assert (sender.name, sender.address_hint) == ("María", f"…{MARIA[-4:]}")
