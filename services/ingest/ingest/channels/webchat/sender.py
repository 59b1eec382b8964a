"""The way out: an answer goes to the store, where the visitor's browser finds it whenever it comes."""

from typing import Any

from ingest.channels.sender import Address, Rejected
from ingest.channels.webchat.connections import Connections
from ingest.channels.webchat.events import message_of_ours
from ingest.channels.webchat.outbox import Outbox, to_milliseconds
from ventanilla.clock import utc_now
from ventanilla.contracts.channel import OutboundMessage, Template


class WebChatSender:
    """A `ChannelSender`. There is no provider to refuse or to slow us, and no window that closes."""

    def __init__(self, outbox: Outbox, connections: Connections) -> None:
        self._outbox = outbox
        self._connections = connections

    def parts(self, message: OutboundMessage) -> list[dict[str, Any]]:
        """Always one: the browser shows a message of any length."""
        return [message.content.model_dump(mode="json", exclude_none=True)]

    async def send(
        self, address: Address, message: OutboundMessage, part: int, parts: int, body: dict[str, Any]
    ) -> str:
        """Durable when it returns; the same message again keeps its place. The id is the message's own.

        Raises `Rejected` for a template (its words are at WhatsApp's, not here), `StoreError` when the store
        does not answer.
        """
        if isinstance(message.content, Template):
            raise Rejected("template", "a template has no text on the web chat")
        await self._outbox.append(message_of_ours(message, body, at=to_milliseconds(utc_now())))
        self._connections.wake(message.contact_id)
        return message.id
