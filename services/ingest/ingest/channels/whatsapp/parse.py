"""From a webhook's body to drafts of events, and to what has to be refused. Pure.

Each change's own `phone_number_id` decides whose it is, and each message and status stands for itself: one
that makes no sense becomes a reject and the rest goes on.
"""

import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from ingest.channels.whatsapp.contents import content_of
from ingest.channels.whatsapp.drafts import Drafts, MessageDraft, Reject, StatusDraft
from ingest.channels.whatsapp.payload import (
    Message,
    MessagesValue,
    ProviderError,
    Status,
    Timestamp,
    Webhook,
    WebhookContact,
)
from ingest.identity.person import Person
from ventanilla.contacts import address_hint, normalised
from ventanilla.contracts.channel import (
    Channel,
    DeliveryStatus,
    ProviderConversation,
    ProviderPricing,
    Sender,
    StatusError,
)
from ventanilla.contracts.event import JsonObject
from ventanilla.topics import RECEIVED, STATUS

HANDLED_FIELD = "messages"
"""Calls, account and template updates, echoes and the rest are kept as dead letters, for later."""

_FIELD = re.compile(r"[a-z_]{1,40}")

_STATUSES = {
    "sent": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "played": DeliveryStatus.PLAYED,
    "failed": DeliveryStatus.FAILED,
}


class NotAWebhookError(Exception):
    """The body as a whole is not one. The message says where and why, and repeats nothing of it."""


class _RefusedError(Exception):
    """This one item makes no sense."""

    def __init__(self, reason: str, error: str) -> None:
        super().__init__(error)
        self.reason = reason
        self.error = error


def parse(body: bytes, accounts: Collection[str]) -> Drafts:
    """`accounts` are our phone number ids. Raises `NotAWebhookError`."""
    try:
        webhook = Webhook.model_validate_json(body)
    except ValidationError as error:
        raise NotAWebhookError(_problems(error)) from None
    drafts = Drafts()
    for entry in webhook.entry:
        if not isinstance(entry, dict) or not isinstance(entry.get("changes"), list):
            drafts.rejects.append(_reject_entry(entry))
            continue
        for change in entry["changes"]:
            _change(entry, change, accounts, drafts)
    return drafts


def _change(entry: JsonObject, change: Any, accounts: Collection[str], drafts: Drafts) -> None:
    def whole(reason: str, error: str) -> None:
        drafts.rejects.append(Reject(RECEIVED, reason, error, _webhook(entry, change)))

    if not isinstance(change, dict):
        whole("bad_shape", "a change is not an object")
        return
    field = change.get("field")
    if field != HANDLED_FIELD:
        shown = field if isinstance(field, str) and _FIELD.fullmatch(field) else "something else"
        whole("not_handled_yet", f"the change is about {shown}, and only {HANDLED_FIELD} are handled")
        return
    try:
        value = MessagesValue.model_validate(change.get("value"))
    except ValidationError as error:
        whole("bad_shape", _problems(error))
        return
    account = value.metadata.phone_number_id
    if account not in accounts:
        whole("not_our_account", "the phone number id is none of the institution's accounts")
        return
    if value.errors:
        whole("provider_error", "the provider reports an error of its own")
    elif not value.messages and not value.statuses:
        whole("nothing_in_it", "the change has neither messages nor statuses")
    contacts = _Contacts(value)

    def only(**kept: Any) -> bytes:
        shared = {k: v for k, v in change["value"].items() if k not in ("messages", "statuses", "errors")}
        return _webhook(entry, {**change, "value": {**shared, **kept}})

    for raw in value.messages:
        try:
            drafts.messages.append(_message(account, raw, contacts))
        except _RefusedError as refused:
            drafts.rejects.append(Reject(RECEIVED, refused.reason, refused.error, only(messages=[raw])))
    for raw in value.statuses:
        try:
            drafts.statuses.append(_status(account, raw, contacts))
        except _RefusedError as refused:
            drafts.rejects.append(Reject(STATUS, refused.reason, refused.error, only(statuses=[raw])))


def _message(account: str, raw: Any, contacts: "_Contacts") -> MessageDraft:
    message = _validated(Message.model_validate, raw)
    at = _moment(message.timestamp)
    if not message.id.strip():
        raise _RefusedError("no_id", "the message has no id")
    contact = contacts.of(message.sender, message.from_user_id)
    shown = [message.sender, message.from_user_id, message.from_parent_user_id]
    if message.system is not None:  # old ids before new ones: the last of each kind is where he is reached
        notice = message.system
        shown = [notice.customer, notice.previous_user_id, notice.previous_parent_user_id, *shown]
        shown += [notice.wa_id, notice.new_wa_id, notice.user_id, notice.parent_user_id]
    if not any(one and one.strip() for one in shown):
        raise _RefusedError("no_sender", "the message says neither a number nor a user id that it is from")
    if contact is not None:
        shown += [contact.wa_id, contact.user_id, contact.parent_user_id]
    content = _validated(lambda item: content_of(message, item), raw)
    name = None if contact is None else contact.profile.name or contact.profile.username
    changed = message.edit or message.revoke
    context = message.context
    return MessageDraft(
        person=_person(account, shown, at, message.group_id, name),
        provider_message_id=message.id,
        content=content,
        sender=Sender(name=name, address_hint=_hint(message)),
        reply_to=(context.id if context else None) or (changed.original_message_id if changed else None),
        forwarded=context is not None and (context.forwarded or context.frequently_forwarded),
        referral=message.referral,
    )


def _status(account: str, raw: Any, contacts: "_Contacts") -> StatusDraft:
    status = _validated(Status.model_validate, raw)
    at = _moment(status.timestamp)
    if not status.id.strip():
        raise _RefusedError("no_id", "the status does not say of which message it is")
    word = _STATUSES.get(status.status)
    if word is None:
        raise _RefusedError("unknown_status", "the status is a word that we do not know")
    group = status.recipient_id if status.recipient_type == "group" else None
    shown: list[str | None] = []
    if group is None:
        contact = contacts.of(status.recipient_id, status.recipient_user_id)
        shown = [status.recipient_id, status.recipient_user_id, status.recipient_parent_user_id]
        if contact is not None:
            shown += [contact.wa_id, contact.user_id, contact.parent_user_id]
    if group is None and not any(one and one.strip() for one in shown):
        raise _RefusedError("no_recipient", "the status does not say to whom the message was sent")
    ours = our_callback(status.biz_opaque_callback_data)
    return StatusDraft(
        person=_person(account, shown, at, group, None),
        provider_message_id=status.id,
        status=word,
        message_id=ours[0] if ours else None,
        part=ours[1] if ours else 0,
        parts=ours[2] if ours else 1,
        conversation_id=ours[3] if ours else None,
        error=_error(status.errors[0]) if status.errors else None,
        conversation=_conversation(status),
        pricing=_pricing(status),
    )


def our_callback(data: str | None) -> tuple[str, int, int, str] | None:
    """Message id, part, parts and conversation id, or None when it is not what we put on our sends."""
    fields = (data or "").split(":", 3)
    if len(fields) != 4 or not all(fields) or not _is_small(fields[1]) or not _is_small(fields[2]):
        return None
    return fields[0], int(fields[1]), int(fields[2]), fields[3]


def _is_small(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 4


class _Contacts:
    """The `contacts` of one change, found by any of their ids. Those of a wrong shape are passed over."""

    def __init__(self, value: MessagesValue) -> None:
        self._by_id: dict[str, WebhookContact] = {}
        self._only: WebhookContact | None = None
        known: list[WebhookContact] = []
        for raw in value.contacts:
            try:
                contact = WebhookContact.model_validate(raw)
            except ValidationError:
                continue
            known.append(contact)
            for one in (contact.wa_id, contact.user_id, contact.parent_user_id):
                if one:
                    self._by_id[one] = contact
        if len(known) == 1 and len(value.messages) + len(value.statuses) == 1:
            # A number and its wa_id may differ; alone in a change, contact and message belong together.
            self._only = known[0]

    def of(self, *ids: str | None) -> WebhookContact | None:
        for one in ids:
            if one and one in self._by_id:
                return self._by_id[one]
        return self._only


def _person(
    account: str, shown: list[str | None], at: datetime, group_id: str | None, name: str | None
) -> Person:
    """In a group the group is the contact: it has one conversation, and answers go to all of it."""
    if group_id:
        return Person(Channel.WHATSAPP, account, (group_id,), at, group_id=group_id)
    ids = dict.fromkeys(normalised(Channel.WHATSAPP, one) for one in shown if one and one.strip())
    numbers = [one for one in ids if one.isdigit()]
    users = [one for one in ids if not one.isdigit()]
    return Person(
        Channel.WHATSAPP, account, (*numbers, *users), at,
        number=numbers[-1] if numbers else None, user_id=_user_id(users), name=name,
    )  # fmt: skip


def _user_id(users: list[str]) -> str | None:
    """The newest id of this business; a parent's (`SV.ENT.…`) only where there is no other."""
    own = [one for one in users if ".ENT." not in one]
    return (own or users or [None])[-1]  # type: ignore[list-item]


def _hint(message: Message) -> str | None:
    shown = message.sender or message.from_user_id
    return address_hint(shown) if shown else None


def _moment(timestamp: Timestamp) -> datetime:
    """Unix seconds to UTC."""
    text = str(timestamp).strip()
    if text.isascii() and text.isdigit():
        try:
            return datetime.fromtimestamp(int(text), UTC)
        except (ValueError, OverflowError, OSError):
            pass
    raise _RefusedError("bad_timestamp", "the timestamp is not a time in Unix seconds")


def _error(error: ProviderError) -> StatusError:
    details = error.error_data.details if error.error_data else None
    return StatusError(code=str(error.code), title=error.title or error.message or "", details=details)


def _conversation(status: Status) -> ProviderConversation | None:
    if status.conversation is None:
        return None
    expires, origin = status.conversation.expiration_timestamp, status.conversation.origin
    return ProviderConversation(
        id=status.conversation.id,
        expires_at=None if expires is None else _moment(expires),
        origin=origin.type if origin else None,
    )


def _pricing(status: Status) -> ProviderPricing | None:
    pricing = status.pricing
    if pricing is None:
        return None
    return ProviderPricing(
        billable=pricing.billable,
        model=pricing.pricing_model,
        category=pricing.category,
        type=pricing.type,
    )


def _validated(read: Callable[[Any], Any], raw: Any) -> Any:
    try:
        return read(raw)
    except ValidationError as error:
        raise _RefusedError(_reason(error), _problems(error)) from None


def _reason(error: ValidationError) -> str:
    problem = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where = str(problem["loc"][0]) if problem["loc"] else ""
    if problem["type"] == "missing" and where == "id" and len(problem["loc"]) == 1:
        return "no_id"
    return "bad_timestamp" if where == "timestamp" else "bad_content"


def _problems(error: ValidationError) -> str:
    """Where and why, without a value: Meta's field names and pydantic's words only."""
    return "; ".join(
        f"{'.'.join(str(step) for step in problem['loc']) or 'body'}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False, include_context=False)[:5]
    )


def _webhook(entry: JsonObject, change: Any) -> bytes:
    alone = {**entry, "changes": [change]}
    return to_json({"object": "whatsapp_business_account", "entry": [alone]})


def _reject_entry(entry: Any) -> Reject:
    body = to_json({"object": "whatsapp_business_account", "entry": [entry]})
    return Reject(RECEIVED, "bad_shape", "an entry is no object with a list of changes", body)
