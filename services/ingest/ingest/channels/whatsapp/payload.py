"""The shapes of Meta's webhooks, as far as we read them.

Source: "WhatsApp Business Platform", webhooks reference (messages, status, system, group, smb_message_echoes,
business-scoped user ids), developers.facebook.com. Tolerant of fields that are new or missing, strict about
types: a text that is a number is a mistake, not a text. The items of a list of `Raw` are read one by one, so
that a bad one does not take the others with it.
"""

from typing import Any

from msgspec import Raw, Struct, field
from msgspec.json import Decoder

from ventanilla.contracts.event import JsonObject

Fields = dict[str, Raw]
"""An object whose values are read one by one, or not at all."""
fields_of = Decoder(Fields).decode

NOTHING = Raw(b"null")
"""The value of a field that is not there."""


class Shape(Struct):
    """Fields that it does not name are passed over unread."""


class Webhook(Shape):
    """The body."""

    object: str
    entry: list[Raw]


class Metadata(Shape):
    phone_number_id: str


class Value(Shape):
    """The value of a change whose field is `messages`, or `smb_message_echoes`."""

    metadata: Metadata
    contacts: list[Raw] = []
    messages: list[Raw] = []
    statuses: list[Raw] = []
    message_echoes: list[Raw] = []
    errors: list[Raw] = []


class Profile(Shape):
    name: str | None = None
    username: str | None = None


class WebhookContact(Shape):
    profile: Profile | None = None
    wa_id: str | None = None
    user_id: str | None = None
    parent_user_id: str | None = None


class Context(Shape):
    id: str | None = None
    forwarded: bool = False
    frequently_forwarded: bool = False


class System(Shape):
    """`wa_id`, `user_id` are the new ids. `new_wa_id` and `customer` are what older versions call them."""

    body: str | None = None
    type: str | None = None
    wa_id: str | None = None
    new_wa_id: str | None = None
    customer: str | None = None
    user_id: str | None = None
    parent_user_id: str | None = None
    previous_user_id: str | None = None
    previous_parent_user_id: str | None = None


class Changed(Shape):
    """An `edit` or a `revoke`."""

    original_message_id: str | None = None


class Message(Shape):
    """What every message has, whatever its type."""

    type: str
    id: str = ""
    timestamp: Any = None
    """Unix seconds, as text or a number (see `reading.moment`)."""
    sender: str | None = field(name="from", default=None)
    from_user_id: str | None = None
    from_parent_user_id: str | None = None
    context: Context | None = None
    referral: JsonObject | None = None
    group_id: str | None = None
    errors: list[JsonObject] = []
    system: System | None = None
    edit: Changed | None = None
    revoke: Changed | None = None


class Echo(Message):
    """A message that was sent from our number's own telephone; `from` is our number."""

    to: str | None = None
    to_user_id: str | None = None
    to_parent_user_id: str | None = None
    recipient_type: str | None = None


class Origin(Shape):
    type: str | None = None


class StatusConversation(Shape):
    id: str
    expiration_timestamp: Any = None
    origin: Origin | None = None


class Pricing(Shape):
    billable: bool | None = None
    pricing_model: str | None = None
    category: str | None = None
    type: str | None = None


class ErrorData(Shape):
    details: str | None = None


class ProviderError(Shape):
    code: int | str
    title: str | None = None
    message: str | None = None
    error_data: ErrorData | None = None


class Status(Shape):
    status: str
    id: str = ""
    timestamp: Any = None
    recipient_id: str | None = None
    recipient_type: str | None = None
    recipient_user_id: str | None = None
    recipient_parent_user_id: str | None = None
    biz_opaque_callback_data: str | None = None
    conversation: StatusConversation | None = None
    pricing: Pricing | None = None
    errors: list[ProviderError] = []
