"""What the web chat tells the rest of the system. Pure; ids derive from what browser or router named."""

from datetime import datetime

from ingest.channels.webchat.outbox import Kept, Message
from ingest.channels.webchat.protocol import ClientMessage, ServerMessage, Speaker
from ingest.channels.webchat.visitors import Visitor
from ventanilla.contacts import address_hint
from ventanilla.contracts.channel import (
    Channel,
    DeliveryStatus,
    MessageStatus,
    OutboundMessage,
    ReceivedMessage,
    Sender,
)
from ventanilla.contracts.event import derived_id


def message_of_visitor(visitor: Visitor, contact_id: str, frame: ClientMessage, at: datetime) -> Message:
    """A visitor's message as the conversation keeps it. The same `client_id` gives the same id."""
    event_id = derived_id("received", Channel.WEBCHAT, visitor.account, visitor.id, frame.client_id)
    return Message(
        id=event_id,
        contact_id=contact_id,
        at=at,
        author=Speaker(kind="visitor"),
        content=frame.content.model_dump(mode="json", exclude_none=True),
        correlation_id=event_id,
        client_id=frame.client_id,
    )


def received(visitor: Visitor, message: Message, received_at: datetime) -> ReceivedMessage:
    """The event of a kept message. Its time is the first time that we saw it, however often it comes.

    The browser is its own provider, so the event's id serves as the provider's message id.
    """
    return ReceivedMessage.model_validate(
        {
            "id": message.id,
            "occurred_at": message.at,
            "contact_id": message.contact_id,
            "correlation_id": message.correlation_id,
            "channel": Channel.WEBCHAT,
            "account": visitor.account,
            "provider_message_id": message.id,
            "content": message.content,
            "sender": Sender(address_hint=address_hint(visitor.id)),
            "received_at": received_at,
        }
    )


def message_of_ours(message: OutboundMessage, body: dict[str, object], at: datetime) -> Message:
    """An answer as the conversation keeps it."""
    return Message(
        id=message.id,
        contact_id=message.contact_id,
        at=at,
        author=Speaker(kind=message.author.kind, name=message.author.name),
        content=body,
        correlation_id=message.correlation_id,
        conversation_id=message.conversation_id,
    )


def status(account: str, message: Message, reached: DeliveryStatus, at: datetime) -> MessageStatus:
    """What became of an answer of ours, at the visitor's side."""
    return MessageStatus(
        id=derived_id("status", Channel.WEBCHAT, message.id, reached),
        occurred_at=at,
        contact_id=message.contact_id,
        correlation_id=message.correlation_id,
        channel=Channel.WEBCHAT,
        account=account,
        status=reached,
        provider_message_id=message.id,
        message_id=message.id,
        conversation_id=message.conversation_id,
        received_at=at,
    )


def frame_of(kept: Kept) -> ServerMessage:
    """What the browser is sent of a message."""
    message = kept.message
    return ServerMessage(
        seq=kept.seq,
        id=message.id,
        at=message.at,
        author=message.author,
        content=message.content,
        client_id=message.client_id,
    )
