"""What a channel must be able to do so that an outbound message can be delivered on it.

A channel splits a message into parts (one request to the provider each) and sends one part at a time. When
to send, what to try again and when to give up is decided elsewhere (`ingest.deliveries`), the same for all.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from ventanilla.contracts.channel import Channel, OutboundMessage


@dataclass(frozen=True, slots=True)
class Address:
    """Where a contact is reached. The only place, with the store behind it, that holds real addresses.

    A person has a `number`, a `user_id` (WhatsApp's business-scoped id; web chat's visitor id) or both; a
    group has a `group_id` and nothing else.
    """

    contact_id: str
    channel: Channel
    account: str
    number: str | None = None
    user_id: str | None = None
    group_id: str | None = None
    name: str | None = None


class RetryLater(Exception):  # noqa: N818 - an order to the worker, named for what it says
    """The provider did not take this part now; the same request may succeed later.

    `after_seconds` is the provider's own wish (Retry-After), None when it has none.
    """

    def __init__(self, after_seconds: float | None, code: str, title: str) -> None:
        super().__init__(f"{code}: {title}")
        self.after_seconds = after_seconds
        self.code = code
        self.title = title


class Rejected(Exception):  # noqa: N818
    """The provider will never take this part. The texts are the provider's own."""

    def __init__(self, code: str, title: str, details: str | None = None) -> None:
        super().__init__(f"{code}: {title}")
        self.code = code
        self.title = title
        self.details = details


class ChannelSender(Protocol):
    """One channel's way out."""

    def parts(self, message: OutboundMessage) -> list[dict[str, Any]]:
        """The requests that make up the message, in order, at least one. Pure."""
        ...

    async def send(
        self, address: Address, message: OutboundMessage, part: int, parts: int, body: dict[str, Any]
    ) -> str:
        """Sends one of them and returns the provider's id of it. Raises `RetryLater` or `Rejected`."""
        ...
