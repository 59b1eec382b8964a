"""From a webhook's body to drafts of events, and to what has to be refused. Pure.

Each change's own `phone_number_id` decides whose it is, and each message, status and echo stands for itself:
one that makes no sense becomes a reject and the rest goes on.
"""

import re
from collections.abc import Callable, Collection
from typing import NamedTuple, TypeVar

from msgspec import Raw
from msgspec.json import Decoder, decode, encode

from ingest.channels.whatsapp.drafts import Drafts, Reject
from ingest.channels.whatsapp.echo import echo_draft
from ingest.channels.whatsapp.message import message_draft
from ingest.channels.whatsapp.payload import NOTHING, Fields, Value, Webhook, fields_of
from ingest.channels.whatsapp.people import Contacts
from ingest.channels.whatsapp.reading import UNREADABLE, RefusedError, check
from ingest.channels.whatsapp.status import status_draft
from ventanilla.contracts.event import JsonObject
from ventanilla.topics import ECHOED, RECEIVED, STATUS, Topic

HANDLED_FIELDS = ("messages", "smb_message_echoes")
"""Calls, account and template updates and the rest are kept as dead letters, for later."""

_OBJECT = "whatsapp_business_account"
_ITEMS = ("messages", "statuses", "message_echoes", "errors")

_FIELD = re.compile(r"[a-z_]{1,40}")

_webhook = Decoder(Webhook).decode
_list = Decoder(list[Raw]).decode
_value = Decoder(Value).decode

Draft = TypeVar("Draft")


class NotAWebhookError(Exception):
    """The body as a whole is not one. The message says where and why, and repeats nothing of it."""


class _Refusal(NamedTuple):
    """An item that makes no sense, and the name of the list that it stood in."""

    name: str
    raw: Raw
    topic: Topic
    why: RefusedError


def parse(body: bytes, accounts: Collection[str]) -> Drafts:
    """`accounts` are our phone number ids. Raises `NotAWebhookError`."""
    try:
        webhook = _webhook(body)
    except UNREADABLE as error:
        raise NotAWebhookError(str(error)) from None
    if webhook.object != _OBJECT:
        raise NotAWebhookError(f"object: it is not {_OBJECT}")
    drafts = Drafts()
    for raw in webhook.entry:
        try:
            entry = fields_of(raw)
            changes = _list(entry.get("changes", NOTHING))
        except UNREADABLE:
            said = "an entry is no object with a list of changes"
            drafts.rejects.append(Reject(RECEIVED, "bad_shape", said, _alone(raw)))
            continue
        for change in changes:
            _change(entry, change, accounts, drafts)
    return drafts


def _change(entry: Fields, raw: Raw, accounts: Collection[str], drafts: Drafts) -> None:
    def refuse_whole(why: RefusedError) -> None:
        drafts.rejects.append(Reject(RECEIVED, why.reason, why.error, _alone({**entry, "changes": [raw]})))

    try:
        change = fields_of(raw)
        value = _handled(change, accounts)
    except RefusedError as refused:
        refuse_whole(refused)
        return
    except UNREADABLE as error:
        refuse_whole(RefusedError("bad_shape", str(error)))
        return
    if value.errors:
        refuse_whole(RefusedError("provider_error", "the provider reports an error of its own"))
    elif not (value.messages or value.statuses or value.message_echoes):
        nothing = "the change has neither messages nor statuses nor echoes"
        refuse_whole(RefusedError("nothing_in_it", nothing))
    account, contacts = value.metadata.phone_number_id, Contacts(value)
    refusals: list[_Refusal] = []

    def each(
        name: str, items: list[Raw], topic: Topic,
        read: Callable[[str, Raw, Contacts], Draft], made: list[Draft],
    ) -> None:  # fmt: skip
        for item in items:
            try:
                check(bytes(item))
                made.append(read(account, item, contacts))
            except RefusedError as refused:
                refusals.append(_Refusal(name, item, topic, refused))
            except UNREADABLE as error:
                refusals.append(_Refusal(name, item, topic, RefusedError("bad_content", str(error))))

    each("messages", value.messages, RECEIVED, message_draft, drafts.messages)
    each("statuses", value.statuses, STATUS, status_draft, drafts.statuses)
    each("message_echoes", value.message_echoes, ECHOED, echo_draft, drafts.echoes)
    if refusals:
        around = {name: kept for name, kept in fields_of(change["value"]).items() if name not in _ITEMS}
        for name, item, topic, why in refusals:
            without: JsonObject = {**change, "value": {**around, name: [item]}}
            alone = _alone({**entry, "changes": [without]})
            drafts.rejects.append(Reject(topic, why.reason, why.error, alone))


def _handled(change: Fields, accounts: Collection[str]) -> Value:
    """What a change brings, if we handle what it is about. Raises `RefusedError`, or what is `UNREADABLE`."""
    field = decode(change.get("field", NOTHING))
    if field not in HANDLED_FIELDS:
        shown = field if isinstance(field, str) and _FIELD.fullmatch(field) else "something else"
        handled = " and ".join(HANDLED_FIELDS)
        raise RefusedError("not_handled_yet", f"the change is about {shown}, and only {handled} are handled")
    value = _value(change.get("value", NOTHING))
    if value.metadata.phone_number_id not in accounts:
        raise RefusedError("not_our_account", "the phone number id is none of the institution's accounts")
    return value


def _alone(entry: object) -> bytes:
    """A webhook with nothing but this entry, as it came."""
    return encode({"object": _OBJECT, "entry": [entry]})
