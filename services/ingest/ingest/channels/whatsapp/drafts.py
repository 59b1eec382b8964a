"""What a webhook brought, before it is known which contact each person is. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from ingest.identity.person import Person
from ventanilla.contracts.channel import (
    Channel,
    DeliveryStatus,
    EchoedMessage,
    InboundContent,
    MessageStatus,
    ProviderConversation,
    ProviderPricing,
    ReceivedMessage,
    Sender,
    StatusError,
    echo_id,
)
from ventanilla.contracts.event import JsonObject, derived_id
from ventanilla.topics import Topic


class MessageDraft(NamedTuple):
    """A citizen's message; `person` is the group where it was said in one."""

    person: Person
    provider_message_id: str
    content: InboundContent
    sender: Sender
    reply_to: str | None = None
    forwarded: bool = False
    referral: JsonObject | None = None

    def event(self, contact_id: str, received_at: datetime) -> ReceivedMessage:
        """The id derives from the provider's, so a redelivery is the same event."""
        identity = derived_id("received", Channel.WHATSAPP, self.person.account, self.provider_message_id)
        return ReceivedMessage(
            id=identity,
            occurred_at=self.person.at,
            contact_id=contact_id,
            correlation_id=identity,
            channel=Channel.WHATSAPP,
            account=self.person.account,
            provider_message_id=self.provider_message_id,
            content=self.content,
            sender=self.sender,
            reply_to=self.reply_to,
            forwarded=self.forwarded,
            group_id=self.person.group_id,
            referral=self.referral,
            received_at=received_at,
        )


class EchoDraft(NamedTuple):
    """A message sent from our number's own telephone; `person` is who gets it."""

    person: Person
    provider_message_id: str
    content: InboundContent

    def event(self, contact_id: str, received_at: datetime) -> EchoedMessage:
        """A redelivery is the same event."""
        identity = echo_id(Channel.WHATSAPP, self.person.account, self.provider_message_id)
        return EchoedMessage(
            id=identity,
            occurred_at=self.person.at,
            contact_id=contact_id,
            correlation_id=identity,
            channel=Channel.WHATSAPP,
            account=self.person.account,
            provider_message_id=self.provider_message_id,
            content=self.content,
            received_at=received_at,
        )


class StatusDraft(NamedTuple):
    """What the provider says of a part of a message that we sent, or that somebody sent from our number."""

    person: Person
    provider_message_id: str
    status: DeliveryStatus
    message_id: str | None = None
    conversation_id: str | None = None
    part: int = 0
    parts: int = 1
    error: StatusError | None = None
    conversation: ProviderConversation | None = None
    pricing: ProviderPricing | None = None

    def event(self, contact_id: str, received_at: datetime) -> MessageStatus:
        """The same word at the same second is the same event."""
        moment = str(int(self.person.at.timestamp()))
        identity = derived_id(
            "status", self.person.account, self.provider_message_id, self.status.value, moment
        )
        return MessageStatus(
            id=identity,
            occurred_at=self.person.at,
            contact_id=contact_id,
            correlation_id=self.message_id or identity,
            channel=Channel.WHATSAPP,
            account=self.person.account,
            status=self.status,
            provider_message_id=self.provider_message_id,
            message_id=self.message_id,
            conversation_id=self.conversation_id,
            part=self.part,
            parts=self.parts,
            error=self.error,
            conversation=self.conversation,
            pricing=self.pricing,
            received_at=received_at,
        )


class Reject(NamedTuple):
    """Something that cannot be accepted, kept whole.

    `body` is a webhook that holds nothing else: posted again, signed, it is the same delivery by itself.
    `reason` is a stable word, `error` says more and repeats nothing of the content.
    """

    topic: Topic
    reason: str
    error: str
    body: bytes


@dataclass(slots=True)
class Drafts:
    """Everything one webhook brought, in its order."""

    messages: list[MessageDraft] = field(default_factory=list)
    statuses: list[StatusDraft] = field(default_factory=list)
    echoes: list[EchoDraft] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
