"""Statuses as ingest writes them, for tests."""

from datetime import datetime

from ventanilla.contracts.channel import Channel, DeliveryStatus, EchoedMessage, MessageStatus, Text, echo_id
from ventanilla.contracts.event import derived_id

ACCOUNT = "106540352242922"


def status(
    contact: str,
    message: str,
    at: datetime,
    kind: DeliveryStatus = DeliveryStatus.DELIVERED,
    account: str = ACCOUNT,
    came_at: datetime | None = None,
) -> MessageStatus:
    """What the provider says of `message` at `at`; it comes at once, or at `came_at`."""
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
        received_at=came_at or at,
    )


def echo(contact: str, message: str, at: datetime, came_at: datetime | None = None) -> EchoedMessage:
    """What ingest says of `message`, written at `at` on the number's own telephone."""
    identity = echo_id(Channel.WHATSAPP, ACCOUNT, message)
    return EchoedMessage(
        id=identity,
        occurred_at=at,
        contact_id=contact,
        correlation_id=identity,
        channel=Channel.WHATSAPP,
        account=ACCOUNT,
        provider_message_id=message,
        content=Text(text="Con gusto le atiendo."),
        received_at=came_at or at,
    )
