"""Events as the services write them, for tests."""

from datetime import UTC, datetime

from ventanilla.contracts.channel import Channel, InboundContent, ReceivedMessage, Text
from ventanilla.contracts.event import derived_id

NOON = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
"""A Tuesday, 12:00 in El Salvador: office hours."""


def received(
    contact: str,
    number: int,
    text: str = "hola",
    *,
    at: datetime = NOON,
    content: InboundContent | None = None,
    channel: Channel = Channel.WHATSAPP,
    account: str = "106540352242922",
) -> ReceivedMessage:
    """The `number`-th message of a contact."""
    return ReceivedMessage(
        id=derived_id("test", contact, str(number)),
        occurred_at=at,
        contact_id=contact,
        correlation_id=derived_id("test", contact, str(number)),
        channel=channel,
        account=account,
        provider_message_id=f"wamid.{contact}.{number}",
        content=content or Text(text=text),
        received_at=at,
    )
