"""What all connections of the web chat share, and what a visitor's frame does beyond his own connection."""

from dataclasses import dataclass, field
from typing import Protocol

from ingest.channels.webchat import events, visitors
from ingest.channels.webchat.connections import Connections
from ingest.channels.webchat.limits import Buckets, Limits
from ingest.channels.webchat.outbox import Kept, Outbox, Progress, to_milliseconds
from ingest.channels.webchat.protocol import ClientMessage
from ingest.channels.webchat.visitors import Visitor
from ingest.gate import Gate
from ingest.identity.person import Person
from ventanilla.clock import utc_now
from ventanilla.contacts import contact_id
from ventanilla.contracts.channel import Channel, DeliveryStatus
from ventanilla.stream import Output
from ventanilla.topics import RECEIVED, STATUS


class Publish(Protocol):
    """`Stream.publish`: returns when Kafka acknowledged all, raises `StreamUnavailableError`."""

    async def __call__(self, *outputs: Output) -> None: ...


class Register(Protocol):
    """Keeps where a person is reached, durably, so that deliveries find him. Raises `StoreError`."""

    async def __call__(self, person: Person) -> object: ...


@dataclass(frozen=True)
class Keys:
    """`token` signs visitors' tokens, `contact` makes pseudonyms."""

    token: str
    contact: bytes


@dataclass
class Exchange:
    """The web chat of one process."""

    institution: str
    keys: Keys
    outbox: Outbox
    connections: Connections
    publish: Publish
    register: Register
    gate: Gate
    limits: Limits
    visitor_messages: Buckets = field(init=False)
    address_messages: Buckets = field(init=False)
    address_connections: Buckets = field(init=False)

    def __post_init__(self) -> None:
        self.visitor_messages = Buckets(self.limits.visitor_messages)
        self.address_messages = Buckets(self.limits.address_messages)
        self.address_connections = Buckets(self.limits.address_connections)

    def identify(self, account: str, token: str | None) -> Visitor:
        """The visitor of a token, or a new one when there is none. Raises `BadTokenError`."""
        if token is None:
            return visitors.new_visitor(account)
        return visitors.read(self.keys.token, account, token, utc_now())

    def token(self, visitor: Visitor) -> str:
        """A fresh one."""
        return visitors.issue(self.keys.token, visitor, utc_now())

    def contact_id(self, visitor: Visitor) -> str:
        return contact_id(self.keys.contact, Channel.WEBCHAT, visitor.account, visitor.id)

    async def introduce(self, visitor: Visitor) -> None:
        """Makes the visitor somebody whom deliveries find. Idempotent."""
        await self.register(
            Person(Channel.WEBCHAT, visitor.account, (visitor.id,), at=utc_now(), user_id=visitor.id)
        )

    async def take(self, visitor: Visitor, frame: ClientMessage) -> Kept:
        """Kept, then published; returns when Kafka has acknowledged it.

        Raises `StoreError` or `StreamUnavailableError`: then the same frame may be taken again, and is the
        same message.
        """
        now = to_milliseconds(utc_now())
        kept = await self.outbox.append(
            events.message_of_visitor(visitor, self.contact_id(visitor), frame, at=now)
        )
        await self.publish((RECEIVED, events.received(visitor, kept.message, received_at=now)))
        self.connections.wake(kept.message.contact_id)
        return kept

    async def reached(self, visitor: Visitor, seq: int, *, read: bool) -> None:
        """The visitor's browser has, or he has seen, everything up to `seq`: tells so what is news in it.

        What was seen was delivered. Publishes first, remembers afterwards: a crash between repeats statuses
        under the same ids. Raises `StoreError` or `StreamUnavailableError`.
        """
        contact = self.contact_id(visitor)
        progress = await self.outbox.progress(contact)
        until = min(seq, progress.last)
        if until > progress.delivered:
            await self._tell(visitor, contact, progress.delivered, until, DeliveryStatus.DELIVERED)
            await self.outbox.delivered(contact, until)
        if read and until > progress.read:
            await self._tell(visitor, contact, progress.read, until, DeliveryStatus.READ)
            await self.outbox.read(contact, until)

    async def _tell(
        self, visitor: Visitor, contact: str, after: int, until: int, status: DeliveryStatus
    ) -> None:
        now = utc_now()
        said = await self.outbox.ours_between(contact, after, until)
        await self.publish(
            *((STATUS, events.status(visitor.account, kept.message, status, now)) for kept in said)
        )

    async def progress(self, visitor: Visitor) -> Progress:
        return await self.outbox.progress(self.contact_id(visitor))
