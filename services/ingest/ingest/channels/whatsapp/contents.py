"""What a message says: from Meta's shape to the contract's. Pure.

A type that we know must have the content that Meta documents for it; anything else is `Unknown`, kept whole
except for what names people or what the envelope says already.
"""

import re
from collections.abc import Callable
from typing import Any

from msgspec import Raw
from msgspec.json import Decoder, decode
from msgspec.structs import asdict

from ingest.channels.whatsapp.payload import NOTHING, Message, Shape, fields_of
from ingest.channels.whatsapp.reading import UNREADABLE, too_deep
from ventanilla.contacts import address_hint
from ventanilla.contracts.channel import (
    Choice,
    ContactCards,
    FlowAnswer,
    InboundContent,
    Location,
    Media,
    Order,
    Reaction,
    SystemNotice,
    Text,
    Unknown,
)
from ventanilla.contracts.event import JsonObject

_ADDRESS = re.compile(r"\+?\d[\d\s()-]{6,}\d|\b[A-Z]{2}(?:\.ENT)?\.\w+")
"""A telephone number or a business-scoped user id, somewhere in a sentence."""

LEFT_OUT = frozenset(
    {"from", "from_user_id", "from_parent_user_id", "to", "to_user_id", "to_parent_user_id", "id", "context"}
)
"""Where a message says who sent it, to whom, and what it quotes. Meta's ids of messages hold a number too, in
base64; the envelope has them."""


class _Text(Shape):
    body: str


class _Media(Shape):
    id: str
    mime_type: str | None = None
    sha256: str | None = None
    caption: str | None = None
    filename: str | None = None
    voice: bool = False
    animated: bool = False


class _Location(Shape):
    latitude: float
    longitude: float
    name: str | None = None
    address: str | None = None


class _Reply(Shape):
    id: str
    title: str
    description: str | None = None


class _FlowReply(Shape):
    response_json: str
    name: str | None = None
    body: str | None = None


class _Interactive(Shape):
    button_reply: _Reply | None = None
    list_reply: _Reply | None = None
    nfm_reply: _FlowReply | None = None


class _Button(Shape):
    text: str
    payload: str | None = None


class _Reaction(Shape):
    message_id: str
    emoji: str | None = None


class _Order(Shape):
    catalog_id: str | None = None
    text: str | None = None
    product_items: list[JsonObject] = []


_text_of = Decoder(_Text).decode
_media_of = Decoder(_Media).decode
_location_of = Decoder(_Location).decode
_cards_of = Decoder(list[JsonObject]).decode
_interactive_of = Decoder(_Interactive).decode
_button_of = Decoder(_Button).decode
_reaction_of = Decoder(_Reaction).decode
_order_of = Decoder(_Order).decode


def content_of(message: Message, raw: Raw) -> InboundContent:
    """`raw` is the message as it came. Raises `UNREADABLE` when a known type lacks its content.

    A message that came with `errors` of the provider's is allowed to lack it: then it is `Unknown`.
    """
    reader = _READERS.get(message.type)
    if reader is None:
        return unknown(message, raw)
    try:
        content = fields_of(raw).get(message.type, NOTHING)
        return reader(message, content) or unknown(message, raw)
    except UNREADABLE:
        if message.errors:
            return unknown(message, raw)
        raise


def unknown(message: Message, raw: Raw) -> Unknown:
    """Raises `UNREADABLE`."""
    payload = {name: decode(value) for name, value in fields_of(raw).items() if name not in LEFT_OUT}
    return Unknown(provider_type=message.type, payload=payload, errors=message.errors)


def _text(_message: Message, content: Raw) -> InboundContent:
    return Text(text=_text_of(content).body)


def _media(message: Message, content: Raw) -> InboundContent:
    media = asdict(_media_of(content))
    return Media.model_validate({"type": message.type, "media_id": media.pop("id"), **media})


def _location(_message: Message, content: Raw) -> InboundContent:
    return Location(**asdict(_location_of(content)))


def _cards(_message: Message, content: Raw) -> InboundContent:
    return ContactCards(cards=_cards_of(content))


def _interactive(_message: Message, content: Raw) -> InboundContent | None:
    reply = _interactive_of(content)
    if reply.button_reply is not None:
        return _choice("button_reply", reply.button_reply)
    if reply.list_reply is not None:
        return _choice("list_reply", reply.list_reply)
    if reply.nfm_reply is not None:
        flow = reply.nfm_reply
        return FlowAnswer(
            name=flow.name, body=flow.body, answers=_answers(flow.response_json), raw=flow.response_json
        )
    return None


def _choice(kind: Any, reply: _Reply) -> Choice:
    return Choice(kind=kind, choice_id=reply.id, title=reply.title, description=reply.description)


def _answers(text: str) -> JsonObject | None:
    try:
        found = decode(text)
    except UNREADABLE:
        return None
    return found if isinstance(found, dict) and not too_deep(found) else None


def _button(_message: Message, content: Raw) -> InboundContent:
    button = _button_of(content)
    return Choice(kind="button", choice_id=button.payload or button.text, title=button.text)


def _reaction(_message: Message, content: Raw) -> InboundContent:
    reaction = _reaction_of(content)
    return Reaction(provider_message_id=reaction.message_id, emoji=reaction.emoji or None)


def _order(_message: Message, content: Raw) -> InboundContent:
    order = _order_of(content)
    return Order(catalog_id=order.catalog_id, text=order.text, items=order.product_items)


def _system(message: Message, _content: Raw) -> InboundContent | None:
    """Meta's sentence names the old and the new number: what an agent may see of them is put instead."""
    if message.system is None:
        return None
    notice = message.system
    body = None if notice.body is None else _ADDRESS.sub(lambda found: address_hint(found[0]), notice.body)
    return SystemNotice(kind=notice.type or "unknown", body=body)


_READERS: dict[str, Callable[[Message, Raw], InboundContent | None]] = {
    "text": _text,
    "image": _media,
    "audio": _media,
    "video": _media,
    "document": _media,
    "sticker": _media,
    "location": _location,
    "contacts": _cards,
    "interactive": _interactive,
    "button": _button,
    "reaction": _reaction,
    "order": _order,
    "system": _system,
}

KNOWN_TYPES = frozenset(_READERS)
