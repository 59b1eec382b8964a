"""From a webhook's body to drafts of events, and to what has to be refused. Pure.

Each change's own `phone_number_id` decides whose it is, and each message, status and echo stands for itself:
one that makes no sense becomes a reject and the rest goes on.
"""

import re
from collections.abc import Callable, Collection
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from ingest.channels.whatsapp.drafts import Drafts, Reject
from ingest.channels.whatsapp.echo import echo_draft
from ingest.channels.whatsapp.message import message_draft
from ingest.channels.whatsapp.payload import Value, Webhook
from ingest.channels.whatsapp.people import Contacts
from ingest.channels.whatsapp.reading import RefusedError, problems
from ingest.channels.whatsapp.status import status_draft
from ventanilla.contracts.event import JsonObject
from ventanilla.topics import ECHOED, RECEIVED, STATUS, Topic

HANDLED_FIELDS = ("messages", "smb_message_echoes")
"""Calls, account and template updates and the rest are kept as dead letters, for later."""

MAX_ITEM = 800_000
"""Bytes of one message. Kafka's own limit is 1 MiB a record, and no message of Meta's comes near."""

_ITEMS = ("messages", "statuses", "message_echoes", "errors")

_FIELD = re.compile(r"[a-z_]{1,40}")


class NotAWebhookError(Exception):
    """The body as a whole is not one. The message says where and why, and repeats nothing of it."""


def parse(body: bytes, accounts: Collection[str]) -> Drafts:
    """`accounts` are our phone number ids. Raises `NotAWebhookError`."""
    try:
        webhook = Webhook.model_validate_json(body)
    except ValidationError as error:
        raise NotAWebhookError(problems(error)) from None
    drafts = Drafts()
    for entry in webhook.entry:
        if not isinstance(entry, dict) or not isinstance(entry.get("changes"), list):
            drafts.rejects.append(_reject_entry(entry))
            continue
        for change in entry["changes"]:
            _change(entry, change, accounts, drafts, measure=len(body) > MAX_ITEM)
    return drafts


def _change(
    entry: JsonObject, change: Any, accounts: Collection[str], drafts: Drafts, *, measure: bool
) -> None:
    """`measure` when the body is so large that one item of it may be too large."""

    def whole(reason: str, error: str) -> None:
        drafts.rejects.append(Reject(RECEIVED, reason, error, _webhook(entry, change)))

    if not isinstance(change, dict):
        whole("bad_shape", "a change is not an object")
        return
    field = change.get("field")
    if field not in HANDLED_FIELDS:
        shown = field if isinstance(field, str) and _FIELD.fullmatch(field) else "something else"
        whole(
            "not_handled_yet",
            f"the change is about {shown}, and only {' and '.join(HANDLED_FIELDS)} are handled",
        )
        return
    try:
        value = Value.model_validate(change.get("value"))
    except ValidationError as error:
        whole("bad_shape", problems(error))
        return
    account = value.metadata.phone_number_id
    if account not in accounts:
        whole("not_our_account", "the phone number id is none of the institution's accounts")
        return
    if value.errors:
        whole("provider_error", "the provider reports an error of its own")
    elif not (value.messages or value.statuses or value.message_echoes):
        whole("nothing_in_it", "the change has neither messages nor statuses nor echoes")
    contacts = Contacts(value)

    def each(name: str, items: list[Any], topic: Topic, read: Callable[[Any], None]) -> None:
        """A refused item is kept as a webhook with nothing else in it, as `name`."""
        for raw in items:
            try:
                if measure and len(to_json(raw)) > MAX_ITEM:
                    raise RefusedError("too_large", f"it has more than {MAX_ITEM} bytes")
                read(raw)
            except RefusedError as refused:
                shared = {key: kept for key, kept in change["value"].items() if key not in _ITEMS}
                alone = _webhook(entry, {**change, "value": {**shared, name: [raw]}})
                drafts.rejects.append(Reject(topic, refused.reason, refused.error, alone))

    def message(raw: Any) -> None:
        drafts.messages.append(message_draft(account, raw, contacts))

    def status(raw: Any) -> None:
        drafts.statuses.append(status_draft(account, raw, contacts))

    def echo(raw: Any) -> None:
        drafts.echoes.append(echo_draft(account, raw, contacts))

    each("messages", value.messages, RECEIVED, message)
    each("statuses", value.statuses, STATUS, status)
    each("message_echoes", value.message_echoes, ECHOED, echo)


def _webhook(entry: JsonObject, change: Any) -> bytes:
    alone = {**entry, "changes": [change]}
    return to_json({"object": "whatsapp_business_account", "entry": [alone]})


def _reject_entry(entry: Any) -> Reject:
    body = to_json({"object": "whatsapp_business_account", "entry": [entry]})
    return Reject(RECEIVED, "bad_shape", "an entry is no object with a list of changes", body)
