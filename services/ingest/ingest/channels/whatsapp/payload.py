"""The shapes of Meta's webhooks, as far as we read them.

Source: "WhatsApp Business Platform", webhooks reference (messages, status, system, group, smb_message_echoes,
business-scoped user ids), developers.facebook.com. Tolerant of fields that are new or missing, strict about
types: a text that is a number is a mistake, not a text.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ventanilla.contracts.event import JsonObject

Timestamp = str | int
"""Unix seconds; Meta writes them as text."""


Raw = Annotated[list[Any], Field(default_factory=list)]
"""Items that are read one by one, so that a bad one does not take the others with it."""


class Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class Webhook(Shape):
    """The body."""

    object: Literal["whatsapp_business_account"]
    entry: list[Any]


class Metadata(Shape):
    phone_number_id: str


class Value(Shape):
    """The value of a change whose field is `messages`, or `smb_message_echoes`."""

    metadata: Metadata
    contacts: Raw
    messages: Raw
    statuses: Raw
    message_echoes: Raw
    errors: Raw


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

    id: str
    timestamp: Timestamp
    type: str
    sender: Annotated[str | None, Field(alias="from")] = None
    from_user_id: str | None = None
    from_parent_user_id: str | None = None
    context: Context | None = None
    referral: JsonObject | None = None
    group_id: str | None = None
    errors: Annotated[list[JsonObject], Field(default_factory=list)]
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
    expiration_timestamp: Timestamp | None = None
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
    id: str
    status: str
    timestamp: Timestamp
    recipient_id: str | None = None
    recipient_type: str | None = None
    recipient_user_id: str | None = None
    recipient_parent_user_id: str | None = None
    biz_opaque_callback_data: str | None = None
    conversation: StatusConversation | None = None
    pricing: Pricing | None = None
    errors: Annotated[list[ProviderError], Field(default_factory=list)]
