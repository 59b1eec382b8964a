"""One message of a webhook. Pure."""

from msgspec import Raw
from msgspec.json import Decoder

from ingest.channels.whatsapp.contents import content_of
from ingest.channels.whatsapp.drafts import MessageDraft
from ingest.channels.whatsapp.payload import Message
from ingest.channels.whatsapp.people import Contacts, nobody, person_of
from ingest.channels.whatsapp.reading import RefusedError, moment
from ventanilla.contacts import address_hint
from ventanilla.contracts.channel import Sender

_message = Decoder(Message).decode


def message_draft(account: str, raw: Raw, contacts: Contacts) -> MessageDraft:
    message = _message(raw)
    at = moment(message.timestamp)
    if not message.id.strip():
        raise RefusedError("no_id", "the message has no id")
    contact = contacts.of(message.sender, message.from_user_id)
    shown = [message.sender, message.from_user_id, message.from_parent_user_id]
    if message.system is not None:  # old ids before new ones: the last of each kind is where he is reached
        notice = message.system
        shown = [notice.customer, notice.previous_user_id, notice.previous_parent_user_id, *shown]
        shown += [notice.wa_id, notice.new_wa_id, notice.user_id, notice.parent_user_id]
    if nobody(shown):
        raise RefusedError("no_sender", "the message says neither a number nor a user id that it is from")
    if contact is not None:
        shown += [contact.wa_id, contact.user_id, contact.parent_user_id]
    content = content_of(message, raw)
    profile = contact.profile if contact else None
    name = (profile.name or profile.username) if profile else None
    changed = message.edit or message.revoke
    context = message.context
    return MessageDraft(
        person=person_of(account, shown, at, message.group_id, name),
        provider_message_id=message.id,
        content=content,
        sender=Sender(name=name, address_hint=_hint(message)),
        reply_to=(context.id if context else None) or (changed.original_message_id if changed else None),
        forwarded=context is not None and (context.forwarded or context.frequently_forwarded),
        referral=message.referral,
    )


def _hint(message: Message) -> str | None:
    shown = message.sender or message.from_user_id
    return address_hint(shown) if shown else None
