"""What crosses a channel: a message received, a message to send, and the status of one that was sent.

Topics: `channel.message.received.v1`, `channel.message.echoed.v1`, `channel.message.outbound.v1`,
`channel.message.status.v1`.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from ventanilla.contracts.event import Contract, Event, JsonObject, Timestamp, derived_id


class Channel(StrEnum):
    WHATSAPP = "whatsapp"
    WEBCHAT = "webchat"
    MESSENGER = "messenger"
    FACEBOOK = "facebook"
    X = "x"
    EMAIL = "email"


# --- contents that a citizen sends ------------------------------------------------------------------


class Text(Contract):
    type: Literal["text"] = "text"
    text: str


class Media(Contract):
    """A file. `media_id` is the provider's handle; the bytes are fetched by whoever needs them."""

    type: Literal["image", "audio", "video", "document", "sticker"]
    media_id: str
    mime_type: str | None = None
    sha256: str | None = None
    caption: str | None = None
    filename: str | None = None
    voice: bool = False
    animated: bool = False


class Location(Contract):
    type: Literal["location"] = "location"
    latitude: float
    longitude: float
    name: str | None = None
    address: str | None = None


class ContactCards(Contract):
    """Address-book cards that the citizen shared, in the provider's own shape (perhaps only a `vcard`)."""

    type: Literal["contacts"] = "contacts"
    cards: list[JsonObject]


class Choice(Contract):
    """A pressed button or a picked row. `choice_id` is the id that we gave it when we offered it."""

    type: Literal["choice"] = "choice"
    kind: Literal["button_reply", "list_reply", "button"]
    choice_id: str
    title: str
    description: str | None = None


class FlowAnswer(Contract):
    """A filled-in WhatsApp Flow. `answers` is None when `raw` is not a JSON object."""

    type: Literal["flow_answer"] = "flow_answer"
    name: str | None = None
    body: str | None = None
    answers: JsonObject | None = None
    raw: str = ""


class Reaction(Contract):
    """`emoji` is None when the citizen took the reaction back."""

    type: Literal["reaction"] = "reaction"
    provider_message_id: str
    emoji: str | None = None


class Order(Contract):
    type: Literal["order"] = "order"
    catalog_id: str | None = None
    text: str | None = None
    items: list[JsonObject] = []


class SystemNotice(Contract):
    """The provider's own notice, e.g. that a contact changed number."""

    type: Literal["system"] = "system"
    kind: str
    body: str | None = None


class Unknown(Contract):
    """What the provider could not show us, or what we do not understand: kept whole and shown as such."""

    type: Literal["unknown"] = "unknown"
    provider_type: str
    payload: JsonObject = {}
    errors: list[JsonObject] = []


InboundContent = Annotated[
    Text | Media | Location | ContactCards | Choice | FlowAnswer | Reaction | Order | SystemNotice | Unknown,
    Field(discriminator="type"),
]


class Sender(Contract):
    """What an agent may see of who writes. The full address never travels on a topic."""

    name: str | None = None
    address_hint: str | None = None
    """The last four characters of the number or user id, e.g. `…5000`."""


class ReceivedMessage(Event):
    """A citizen's message. `occurred_at` is the provider's timestamp; `id` derives from the provider's id."""

    channel: Channel
    account: str
    """Our own account that it was sent to (WhatsApp: `phone_number_id`)."""
    provider_message_id: str
    content: InboundContent
    sender: Sender = Sender()
    reply_to: str | None = None
    """The provider's id of the message that this one quotes."""
    forwarded: bool = False
    group_id: str | None = None
    referral: JsonObject | None = None
    """The advertisement or post that the citizen came from, in the provider's shape."""
    received_at: Timestamp
    """When ingest took it, by ingest's clock."""


class EchoedMessage(Event):
    """An answer that somebody of ours gave in the channel's own application, on the number's telephone.

    It is shown where the conversation is read, and it is not metered: the provider bills no such message.
    `occurred_at` is the provider's timestamp; `id` is `echo_id(...)`, so whoever meets a status of a message
    that is not the router's knows the echo's id without looking it up.
    Topic: `channel.message.echoed.v1`.
    """

    channel: Channel
    account: str
    """Our own account that it was sent from."""
    provider_message_id: str
    content: InboundContent
    received_at: Timestamp
    """When ingest took it, by ingest's clock."""


def echo_id(channel: Channel, account: str, provider_message_id: str) -> str:
    """The id of the echo of this message."""
    return derived_id("echoed", channel, account, provider_message_id)


# --- contents that we send --------------------------------------------------------------------------


class Option(Contract):
    id: str
    title: str
    description: str | None = None


class TextOut(Contract):
    type: Literal["text"] = "text"
    text: str


class Menu(Contract):
    """A question with options. Each channel shows it as it can: buttons, a list, or numbered text."""

    type: Literal["menu"] = "menu"
    text: str
    options: list[Option]
    button: str
    """The label that opens the list, where the channel has one."""


class Template(Contract):
    """A message approved by the provider, the only kind allowed outside WhatsApp's window."""

    type: Literal["template"] = "template"
    name: str
    language: str
    parameters: list[str] = []


OutboundContent = Annotated[TextOut | Menu | Template, Field(discriminator="type")]


class Author(Contract):
    kind: Literal["bot", "agent", "system"]
    id: str | None = None
    name: str | None = None


class OutboundMessage(Event):
    """Send this. Only the router writes it, so one writer decides who speaks in a conversation.

    `id` is the message's id for good; a channel that must split it numbers the parts from 0.
    """

    conversation_id: str
    channel: Channel
    account: str
    author: Author
    content: OutboundContent
    reply_window_until: Timestamp | None = None
    """Until when free text is allowed (WhatsApp: 24 h after the citizen's last message); None = always."""
    cause_id: str
    """The event that this answers."""


# --- what became of it --------------------------------------------------------------------------------


class DeliveryStatus(StrEnum):
    """In rank order: a status never goes backwards, and no failure follows a delivery."""

    ACCEPTED = "accepted"  # the provider took it and gave it an id
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"
    FAILED = "failed"  # the provider, or our patience, gave up
    REFUSED = "refused"  # we did not even try: outside the window and no template configured

    @property
    def rank(self) -> int:
        """The place in the order: a later status replaces one of a lower rank, never a higher one."""
        return _RANK[self]


_RANK = {
    DeliveryStatus.ACCEPTED: 1,
    DeliveryStatus.SENT: 2,
    DeliveryStatus.FAILED: 3,
    DeliveryStatus.REFUSED: 3,
    DeliveryStatus.DELIVERED: 4,
    DeliveryStatus.READ: 5,
    DeliveryStatus.PLAYED: 6,
}


class StatusError(Contract):
    code: str
    title: str
    details: str | None = None


class ProviderConversation(Contract):
    """WhatsApp's own idea of the session, where the webhook names one."""

    id: str
    expires_at: Timestamp | None = None
    origin: str | None = None


class ProviderPricing(Contract):
    billable: bool | None = None
    model: str | None = None
    category: str | None = None
    type: str | None = None


class MessageStatus(Event):
    """What the channel says of one part of one message. `occurred_at` is the provider's timestamp."""

    channel: Channel
    account: str
    status: DeliveryStatus
    provider_message_id: str | None = None
    """None only when the provider never gave one (`refused`, or `failed` at the send)."""
    message_id: str | None = None
    """Our `OutboundMessage.id`; None for a message that we never sent."""
    conversation_id: str | None = None
    part: int = 0
    parts: int = 1
    error: StatusError | None = None
    template: str | None = None
    """The template that was sent in place of what was written, because the window had closed."""
    conversation: ProviderConversation | None = None
    pricing: ProviderPricing | None = None
    received_at: Timestamp | None = None
    """When ingest took it, by ingest's clock; None in records of before this was kept. It decides whether a
    month was closed when the status came."""
