"""The bodies that the provider sends to a business, and how it signs them.

Source: "WhatsApp Business Platform, webhooks" reference (developers.facebook.com).
"""

import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Number:
    """One of the business's numbers."""

    phone_number_id: str
    display: str
    name: str


def signature(secret: str, body: bytes) -> str:
    """The value of `X-Hub-Signature-256`."""
    return "sha256=" + hmac.new(secret.encode(), body, sha256).hexdigest()


def webhook(number: Number, values: Iterable[JsonObject]) -> bytes:
    """One body with a change for each of `values`.

    Each has `messages`, `statuses` or `message_echoes`, and perhaps `contacts`.
    """
    metadata = {"display_phone_number": number.display, "phone_number_id": number.phone_number_id}
    changes = [
        {
            "value": {"messaging_product": "whatsapp", "metadata": metadata, **value},
            "field": "smb_message_echoes" if "message_echoes" in value else "messages",
        }
        for value in values
    ]
    body = {
        "object": "whatsapp_business_account",
        "entry": [{"id": f"waba-{number.phone_number_id}", "changes": changes}],
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def contact_object(name: str | None, number: str | None, user_id: str | None) -> JsonObject:
    """One item of `contacts`: with a number, a business-scoped user id, or both."""
    contact: JsonObject = {"profile": {"name": name} if name else {}}
    if number:
        contact["wa_id"] = number
    if user_id:
        contact["user_id"] = user_id
    return contact


def sender(number: str | None, user_id: str | None) -> JsonObject:
    """Who a message is from."""
    return ({"from": number} if number else {}) | ({"from_user_id": user_id} if user_id else {})


def receiver(number: str | None, user_id: str | None) -> JsonObject:
    """To whom an echo was sent."""
    return ({"to": number} if number else {}) | ({"to_user_id": user_id} if user_id else {})


def choice(kind: str, option_id: str, title: str, description: str | None) -> JsonObject:
    """The answer to a menu; `kind` is `list_reply` or `button_reply`."""
    reply = {"id": option_id, "title": title} | ({"description": description} if description else {})
    return {"type": "interactive", "interactive": {"type": kind, kind: reply}}
