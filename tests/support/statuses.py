"""Statuses as ingest writes them, for tests."""

from datetime import datetime

from ventanilla.contracts.channel import Channel, DeliveryStatus, MessageStatus
from ventanilla.contracts.event import derived_id

ACCOUNT = "106540352242922"


def status(
    contact: str,
    message: str,
    at: datetime,
    kind: DeliveryStatus = DeliveryStatus.DELIVERED,
    account: str = ACCOUNT,
) -> MessageStatus:
    """What the provider says of `message` at `at`."""
    identity = derived_id("test-status", contact, message, kind, at.isoformat())
    return MessageStatus(
        id=identity,
        occurred_at=at,
        contact_id=contact,
        correlation_id=identity,
        channel=Channel.WHATSAPP,
        account=account,
        status=kind,
        provider_message_id=message,
    )
