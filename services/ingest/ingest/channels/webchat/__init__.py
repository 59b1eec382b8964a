"""The web chat: a widget on the institution's site, and the socket behind it (`protocol` has the frames).

chat = web_chat(...)
await chat.prepare()                  # once, before the first request
app.include_router(chat.router)
runtime.background("webchat", chat.watch)
senders[Channel.WEBCHAT] = chat.sender
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from fastapi import APIRouter

from ingest.channels.webchat.connections import Connections
from ingest.channels.webchat.exchange import Exchange, Keys, Publish, Register
from ingest.channels.webchat.limits import Limits
from ingest.channels.webchat.outbox import Outbox
from ingest.channels.webchat.routes import router
from ingest.channels.webchat.sender import WebChatSender
from ingest.gate import Gate
from ventanilla.institution import Institution
from ventanilla.store import Store

__all__ = ["Keys", "WebChat", "web_chat"]


@dataclass(frozen=True)
class WebChat:
    """The channel, wired."""

    router: APIRouter
    sender: WebChatSender
    prepare: Callable[[], Awaitable[None]]
    """Makes indexes. Raises `StoreError`."""
    watch: Callable[[], Awaitable[None]]
    """Brings what other replicas stored to the visitors here; runs until it is cancelled."""


def web_chat(
    *,
    institution: Institution,
    store: Store,
    publish: Publish,
    register: Register,
    keys: Keys,
    gate: Gate,
    origins: Sequence[str] = (),
    limits: Limits | None = None,
) -> WebChat:
    """`publish` is `Stream.publish`; `register` keeps a visitor's address where deliveries look for it.

    `gate` bounds how many messages are in hand at a time.
    `origins`: the sites that may embed the chat, e.g. `https://www.example.gob.sv`; none = any.
    """
    outbox = Outbox(store)
    connections = Connections(outbox)
    exchange = Exchange(
        institution.name, keys, outbox, connections, publish, register, gate, limits or Limits()
    )
    return WebChat(
        router=router(exchange, institution, origins),
        sender=WebChatSender(outbox, connections),
        prepare=outbox.prepare,
        watch=connections.watch,
    )
