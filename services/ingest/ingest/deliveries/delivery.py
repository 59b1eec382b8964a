"""One outbound message on its way: which part is next, and what is said of each part. Pure.

The parts of a message go out in order, each after the provider's answer to the one before. A part that has a
provider's id is never sent again. A part that fails ends the message: those after it are not tried.
"""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict

from ventanilla.contracts.channel import (
    Channel,
    DeliveryStatus,
    MessageStatus,
    OutboundMessage,
    StatusError,
    Template,
)
from ventanilla.contracts.event import Timestamp, derived_id
from ventanilla.institution import WindowTemplate

NOT_TRIED = "part_before_failed"
WINDOW_CLOSED = "window_closed"
NO_ADDRESS = "no_address"
NO_CHANNEL = "no_channel"
PROVIDER_SAYS_WINDOW_CLOSED = "131047"
"""WhatsApp: more than 24 hours since the person last wrote."""


_BY_RANK = {status.rank: status for status in DeliveryStatus if status is not DeliveryStatus.REFUSED}
"""No webhook says `refused`: that is our own word, for what was never sent."""


class Part(BaseModel):
    """One request to the provider. Without `status` it has not had its answer yet."""

    model_config = ConfigDict(frozen=True)

    provider_message_id: str | None = None
    status: DeliveryStatus | None = None
    error: StatusError | None = None
    at: Timestamp | None = None
    """When our own send gave it its status, as the account sees time (UTC)."""

    def advanced(self, rank: int, error: StatusError | None) -> Self:
        """With the status of a higher rank that a webhook told, and its error if it is a failure."""
        if self.status is not None and rank <= self.status.rank:
            return self
        status = _BY_RANK.get(rank, self.status)
        why = error if status is DeliveryStatus.FAILED else None
        return self.model_copy(update={"status": status, "error": why})


class Delivery(BaseModel):
    """What became of one outbound message, as it is kept and shown."""

    model_config = ConfigDict(frozen=True)

    message_id: str
    contact_id: str
    conversation_id: str
    channel: Channel
    account: str
    template: str | None = None
    """The template that was sent in place of what was written, because the window had closed."""
    parts: list[Part]
    created_at: Timestamp

    @property
    def next_part(self) -> int | None:
        """The first part without an answer; None when the message is done."""
        return next((place for place, part in enumerate(self.parts) if part.status is None), None)

    @property
    def begun(self) -> bool:
        return any(part.provider_message_id is not None for part in self.parts)

    def accepted(self, part: int, provider_message_id: str, at: datetime) -> Self:
        taken = Part(provider_message_id=provider_message_id, status=DeliveryStatus.ACCEPTED, at=at)
        return self._with({part: taken})

    def failed(self, error: StatusError, at: datetime) -> Self:
        """The next part failed; those after it are not tried."""
        first = self.next_part
        assert first is not None, "a delivery that is done cannot fail"
        rest = StatusError(code=NOT_TRIED, title="Not sent, because the part before it failed")
        return self._with(
            {
                place: Part(status=DeliveryStatus.FAILED, error=error if place == first else rest, at=at)
                for place in range(first, len(self.parts))
            }
        )

    def refused(self, error: StatusError, at: datetime) -> Self:
        """It is not even tried."""
        return self.model_copy(
            update={"parts": [Part(status=DeliveryStatus.REFUSED, error=error, at=at)] * len(self.parts)}
        )

    def instead(self, template: str, parts: int) -> Self:
        """A template goes out in place of the message; only while none of its parts was accepted."""
        return self.model_copy(update={"template": template, "parts": [Part()] * parts})

    def status(self, part: int, correlation_id: str) -> MessageStatus:
        """What is said of one part that has had its answer; the same again has the same id."""
        known = self.parts[part]
        assert known.status is not None, "nothing can be said of a part before its answer"
        assert known.at is not None, "a part with a status has its time"
        return MessageStatus(
            id=derived_id("delivery", self.message_id, str(part), known.status.value),
            occurred_at=known.at,
            contact_id=self.contact_id,
            correlation_id=correlation_id,
            channel=self.channel,
            account=self.account,
            status=known.status,
            provider_message_id=known.provider_message_id,
            message_id=self.message_id,
            conversation_id=self.conversation_id,
            part=part,
            parts=len(self.parts),
            error=known.error,
            template=self.template,
            received_at=known.at,
        )

    def _with(self, changed: dict[int, Part]) -> Self:
        parts = [changed.get(place, part) for place, part in enumerate(self.parts)]
        return self.model_copy(update={"parts": parts})


def new_delivery(message: OutboundMessage, parts: int, at: datetime) -> Delivery:
    return Delivery(
        message_id=message.id,
        contact_id=message.contact_id,
        conversation_id=message.conversation_id,
        channel=message.channel,
        account=message.account,
        parts=[Part()] * parts,
        created_at=at,
    )


def window_is_closed(message: OutboundMessage, now: datetime) -> bool:
    """Whether this may not be sent any more: after the window only templates are (WhatsApp: 24 hours)."""
    until = message.reply_window_until
    return until is not None and now >= until and not isinstance(message.content, Template)


def as_template(message: OutboundMessage, template: WindowTemplate) -> OutboundMessage:
    """The same message, saying what the template says."""
    content = Template(name=template.name, language=template.language)
    return message.model_copy(update={"content": content})
