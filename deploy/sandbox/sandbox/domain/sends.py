"""What a business may send: the checks of the real API, and what the phone then shows.

Source: "Cloud API, messages" reference (developers.facebook.com). Limits as documented there: text 4,096
characters, interactive body 1,024, 3 buttons of 20, 10 rows of 24 with descriptions of 72, caption 1,024.
Pure. Every refusal is a `GraphError`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.domain.addresses import address, is_user_id
from sandbox.domain.errors import GraphError

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Option:
    """A button or a row of a list."""

    id: str
    title: str
    description: str | None = None


@dataclass(frozen=True)
class Shown:
    """What a phone shows of a message."""

    text: str
    options: tuple[Option, ...] = ()


@dataclass(frozen=True)
class Send:
    """A request to send that passed every check. `to` is as the caller wrote it, `contact` normalised."""

    to: str
    contact: str
    type: str
    shown: Shown
    payload: JsonObject
    opaque: str | None = None
    reply_to: str | None = None

    @property
    def free_form(self) -> bool:
        """Whether it needs an open customer service window."""
        return self.type != "template"


@dataclass(frozen=True)
class Receipt:
    """A read receipt, perhaps with the typing sign."""

    message_id: str
    typing: bool


def read_request(body: object, templates: frozenset[tuple[str, str]]) -> Send | Receipt:
    """Check a body of `POST /{phone_number_id}/messages`. `templates` are the approved (name, language)."""
    if not isinstance(body, dict):
        raise GraphError(100, "The body must be a JSON object.")
    if body.get("messaging_product") != "whatsapp":
        raise GraphError(100, message="(#100) The parameter messaging_product is required.")
    if "status" in body:
        return _receipt(body)
    if body.get("recipient_type", "individual") not in ("individual", "group"):
        raise GraphError(100, message="(#100) Param recipient_type must be one of {INDIVIDUAL, GROUP}.")
    to, contact = _recipient(body)
    kind = body.get("type", "text")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise GraphError(100, message=f"(#100) Param type must be one of {{{', '.join(_READERS).upper()}}}.")
    shown = reader(_object(body, kind), templates)
    opaque = body.get("biz_opaque_callback_data")
    if opaque is not None and (not isinstance(opaque, str) or len(opaque) > 512):
        raise GraphError(100, "biz_opaque_callback_data must be a string of at most 512 characters.")
    reply_to = _object(body, "context").get("message_id") if "context" in body else None
    payload = {"type": kind, kind: body[kind]}
    return Send(to, contact, kind, shown, payload, opaque, reply_to if isinstance(reply_to, str) else None)


def _receipt(body: JsonObject) -> Receipt:
    if body["status"] != "read":
        raise GraphError(100, message="(#100) Param status must be one of {READ}.")
    message_id = body.get("message_id")
    if not isinstance(message_id, str) or not message_id:
        raise GraphError(131008, "message_id is required.")
    typing = body.get("typing_indicator")
    if typing is not None and typing != {"type": "text"}:
        raise GraphError(131009, "typing_indicator['type'] must be text.")
    return Receipt(message_id, typing is not None)


def _recipient(body: JsonObject) -> tuple[str, str]:
    """`to` is a number, or a group's id; `recipient` a business-scoped user id. With both, `to` is used."""
    to, user = body.get("to"), body.get("recipient")
    if to is None and user is None:
        raise GraphError(100, message="(#100) The parameter to is required.")
    wanted = to if to is not None else user
    if body.get("recipient_type") == "group":
        if not isinstance(to, str) or not to.strip():
            raise GraphError(131009, "A group is named by its id.")
        return to, to
    contact = address(wanted) if isinstance(wanted, str) else None
    if contact is None or (to is None and not is_user_id(contact)):
        raise GraphError(131009, "Recipient is neither a phone number nor a business-scoped user ID.")
    assert isinstance(wanted, str)
    return wanted, contact


Templates = frozenset[tuple[str, str]]


def _text(part: JsonObject, _templates: Templates) -> Shown:
    return Shown(_string(part, "text['body']", "body", most=4096))


def _media(part: JsonObject, _templates: Templates) -> Shown:
    if not isinstance(part.get("id"), str) and not isinstance(part.get("link"), str):
        raise GraphError(100, "A media message needs an id or a link.")
    name = part.get("filename")
    caption = _string(part, "caption", "caption", most=1024, required=False)
    return Shown(caption or (name if isinstance(name, str) else ""))


def _location(part: JsonObject, _templates: Templates) -> Shown:
    if not all(isinstance(part.get(name), int | float | str) for name in ("latitude", "longitude")):
        raise GraphError(131008, "location needs latitude and longitude.")
    return Shown(str(part.get("name") or part.get("address") or f"{part['latitude']}, {part['longitude']}"))


def _reaction(part: JsonObject, _templates: Templates) -> Shown:
    _string(part, "reaction['message_id']", "message_id", most=512)
    return Shown(_string(part, "reaction['emoji']", "emoji", most=32, required=False))


def _template(part: JsonObject, templates: Templates) -> Shown:
    name = _string(part, "template['name']", "name", most=512)
    language = _string(_object(part, "language"), "template['language']['code']", "code", most=16)
    if (name, language) not in templates:
        raise GraphError(132001, f"template name ({name}) does not exist in {language}")
    said = [
        parameter["text"]
        for component in part.get("components") or []
        if isinstance(component, dict)
        for parameter in component.get("parameters") or []
        if isinstance(parameter, dict) and isinstance(parameter.get("text"), str)
    ]
    return Shown(f"{name}: {', '.join(said)}" if said else name)


def _interactive(part: JsonObject, _templates: Templates) -> Shown:
    kind = part.get("type")
    if kind not in ("button", "list"):
        raise GraphError(131009, "interactive['type'] must be button or list.")
    text = _string(_object(part, "body"), "Body text", "text", most=1024)
    for name in ("header", "footer"):
        if name in part:
            _string(_object(part, name), f"{name.capitalize()} text", "text", most=60)
    action = _object(part, "action")
    options = _buttons(action) if kind == "button" else _rows(action)
    ids = [option.id for option in options]
    if len(set(ids)) != len(ids):
        raise GraphError(131009, "Ids of options must be unique.")
    return Shown(text, tuple(options))


def _buttons(action: JsonObject) -> list[Option]:
    buttons = _list(action, "buttons", most=3)
    replies = [_object(button, "reply") for button in buttons]
    return [
        Option(_string(reply, "Button id", "id", most=256), _string(reply, "Button title", "title", most=20))
        for reply in replies
    ]


def _rows(action: JsonObject) -> list[Option]:
    _string(action, "List button", "button", most=20)
    sections = _list(action, "sections", most=10)
    for section in sections:
        _string(section, "Section title", "title", most=24, required=len(sections) > 1)
    rows = [row for section in sections for row in _list(section, "rows", most=10)]
    if len(rows) > 10:
        raise GraphError(131009, f"Total row count exceed max allowed count: 10 (got {len(rows)}).")
    return [
        Option(
            _string(row, "Row id", "id", most=200),
            _string(row, "Row title", "title", most=24),
            _string(row, "Row description", "description", most=72, required=False) or None,
        )
        for row in rows
    ]


def _cards(part: JsonObject | list[Any], _templates: Templates) -> Shown:
    names = [card["name"].get("formatted_name") for card in part if isinstance(card, dict) and "name" in card]
    return Shown(", ".join(str(name) for name in names))


def _object(body: JsonObject, name: str) -> Any:
    found = body.get(name)
    if not isinstance(found, list if name == "contacts" else dict):
        raise GraphError(131008, f"Parameter {name} is missing or of the wrong type.")
    return found


def _list(body: JsonObject, name: str, *, most: int) -> list[JsonObject]:
    found = body.get(name)
    if not isinstance(found, list) or not 1 <= len(found) <= most:
        raise GraphError(131009, f"{name} must have from 1 to {most} items.")
    if not all(isinstance(item, dict) for item in found):
        raise GraphError(131009, f"{name} must be objects.")
    return found


def _string(part: JsonObject, label: str, name: str, *, most: int, required: bool = True) -> str:
    found = part.get(name)
    if found is None and not required:
        return ""
    if not isinstance(found, str) or (required and not found.strip()):
        raise GraphError(131008, f"{label} is required.")
    if len(found) > most:
        if name == "body":
            raise GraphError(100, message=f"(#100) Param {label} must be at most {most} characters long.")
        raise GraphError(131009, f"{label} length invalid. Min length: 1, Max length: {most}")
    return found


_READERS: dict[str, Callable[[Any, Templates], Shown]] = {
    "text": _text,
    "interactive": _interactive,
    "template": _template,
    "image": _media,
    "audio": _media,
    "video": _media,
    "document": _media,
    "sticker": _media,
    "location": _location,
    "contacts": _cards,
    "reaction": _reaction,
}
