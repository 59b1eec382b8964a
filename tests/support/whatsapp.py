"""Webhooks as Meta documents them, made by hand for tests. Nobody real has these numbers."""

import json
from typing import Any

from ingest.channels.whatsapp.signature import signature

ACCOUNT = "106540352242922"
OTHER_ACCOUNT = "106540352242999"
MARIA = "50370001234"
MARIA_USER = "SV.13491208655302741918"
JOSE = "50371115678"
AT = "1700000000"
"""14 November 2023, 22:13:20 UTC."""

Json = dict[str, Any]


def message(kind: str = "text", content: Any = None, **more: Any) -> Json:
    """From María unless `more` says otherwise; None takes a field away."""
    base: Json = {"from": MARIA, "id": "wamid.A1", "timestamp": AT, "type": kind}
    if kind == "text" and content is None:
        content = {"body": "q papeles piden"}
    if content is not None:
        base[kind] = content
    base.update({"from" if name == "from_" else name: value for name, value in more.items()})
    return {name: value for name, value in base.items() if value is not None}


def status(word: str = "sent", **more: Any) -> Json:
    base: Json = {"id": "wamid.B1", "status": word, "timestamp": AT, "recipient_id": MARIA}
    base.update(more)
    return {name: value for name, value in base.items() if value is not None}


def contact(name: str = "María", wa_id: str | None = MARIA, user_id: str | None = None) -> Json:
    base: Json = {"profile": {"name": name}, "wa_id": wa_id, "user_id": user_id}
    return {name: value for name, value in base.items() if value is not None}


def echo(kind: str = "text", content: Any = None, **more: Any) -> Json:
    """Sent to María from the telephone of the institution's number; None takes a field away."""
    sent = message(kind, content, from_="50325935000", id="wamid.E1")
    sent.update({"to": MARIA, **more})
    return {name: value for name, value in sent.items() if value is not None}


def echoes(items: Any, account: str = ACCOUNT, **value: Any) -> Json:
    """A change of the field `smb_message_echoes`."""
    return {**change(account, message_echoes=items, **value), "field": "smb_message_echoes"}


def change(account: str = ACCOUNT, **value: Any) -> Json:
    """A change of the field `messages`, with `messages`, `statuses`, `contacts` as given."""
    metadata = {"display_phone_number": "50325935000", "phone_number_id": account}
    return {
        "field": "messages",
        "value": {"messaging_product": "whatsapp", "metadata": metadata, **value},
    }


def webhook(*changes: Json) -> Json:
    """One entry for all changes."""
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "102290129340398", "changes": [*changes]}],
    }


def raw(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def signed(secret: str, body: bytes) -> dict[str, str]:
    """The headers of a genuine request."""
    return {
        "Content-Type": "application/json",
        "X-Hub-Signature-256": signature(secret.encode(), body),
    }
