"""One status of a webhook. Pure."""

from msgspec import Raw
from msgspec.json import Decoder

from ingest.channels.whatsapp.drafts import StatusDraft
from ingest.channels.whatsapp.payload import ProviderError, Status
from ingest.channels.whatsapp.people import Contacts, nobody, person_of
from ingest.channels.whatsapp.reading import RefusedError, moment
from ventanilla.contracts.channel import (
    DeliveryStatus,
    ProviderConversation,
    ProviderPricing,
    StatusError,
)

_STATUSES = {
    "sent": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "played": DeliveryStatus.PLAYED,
    "failed": DeliveryStatus.FAILED,
}

_status = Decoder(Status).decode


def status_draft(account: str, raw: Raw, contacts: Contacts) -> StatusDraft:
    status = _status(raw)
    at = moment(status.timestamp)
    if not status.id.strip():
        raise RefusedError("no_id", "the status does not say of which message it is")
    word = _STATUSES.get(status.status)
    if word is None:
        raise RefusedError("unknown_status", "the status is a word that we do not know")
    group = status.recipient_id if status.recipient_type == "group" else None
    shown: list[str | None] = []
    if group is None:
        contact = contacts.of(status.recipient_id, status.recipient_user_id)
        shown = [status.recipient_id, status.recipient_user_id, status.recipient_parent_user_id]
        if contact is not None:
            shown += [contact.wa_id, contact.user_id, contact.parent_user_id]
    if group is None and nobody(shown):
        raise RefusedError("no_recipient", "the status does not say to whom the message was sent")
    ours = our_callback(status.biz_opaque_callback_data)
    return StatusDraft(
        person=person_of(account, shown, at, group, None),
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


def _error(error: ProviderError) -> StatusError:
    details = error.error_data.details if error.error_data else None
    return StatusError(code=str(error.code), title=error.title or error.message or "", details=details)


def _conversation(status: Status) -> ProviderConversation | None:
    if status.conversation is None:
        return None
    expires, origin = status.conversation.expiration_timestamp, status.conversation.origin
    return ProviderConversation(
        id=status.conversation.id,
        expires_at=None if expires is None else moment(expires),
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
