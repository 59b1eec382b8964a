"""Reads the topics like any stranger would, from now on, and remembers what it needs to follow a run.

It is no consumer group: it commits nothing and takes no partition from anybody.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition

from ventanilla.contracts.billing import SessionChange, SessionChanged
from ventanilla.contracts.channel import (
    DeliveryStatus,
    Menu,
    MessageStatus,
    OutboundMessage,
    ReceivedMessage,
)
from ventanilla.contracts.conversation import (
    BotAnswered,
    Change,
    Conversation,
    ConversationChanged,
    ConversationQueued,
)
from ventanilla.contracts.event import Event
from ventanilla.topics import (
    AGENT_QUEUED,
    BOT_ANSWERED,
    LIFECYCLE,
    OUTBOUND,
    RECEIVED,
    SESSION,
    STATUS,
    dead_letter_topics,
)

_TOPICS = {
    topic.name: topic
    for topic in (RECEIVED, BOT_ANSWERED, AGENT_QUEUED, OUTBOUND, LIFECYCLE, STATUS, SESSION)
}
_PAUSE = 0.02  # seconds
_SETTLED = frozenset(DeliveryStatus) - {DeliveryStatus.SENT}


@dataclass
class Seen:
    """What the topics said since the start. Repeats of an event count once."""

    received: dict[str, ReceivedMessage] = field(default_factory=dict)
    """By event id."""
    answers: dict[str, BotAnswered] = field(default_factory=dict)
    """By correlation id, which is the id of the citizen's message."""
    to_agents: set[str] = field(default_factory=set)
    """Ids of citizens' messages that went to people."""
    outbound: dict[str, OutboundMessage] = field(default_factory=dict)
    by_cause: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Ids of outbound messages by the event that they answer."""
    menus: dict[str, OutboundMessage] = field(default_factory=dict)
    """The newest menu that went to each contact."""
    changes: dict[str, ConversationChanged] = field(default_factory=dict)
    caused: defaultdict[str, list[ConversationChanged]] = field(default_factory=lambda: defaultdict(list))
    """The same changes, by the event that caused them."""
    conversations: dict[str, Conversation] = field(default_factory=dict)
    """The newest conversation of each contact, as of its last announced change."""
    statuses: dict[str, MessageStatus] = field(default_factory=dict)
    settled: defaultdict[str, dict[int, MessageStatus]] = field(default_factory=lambda: defaultdict(dict))
    """By outbound message and part: what the provider said to the send."""
    sessions: dict[str, SessionChanged] = field(default_factory=dict)
    """By session id, its latest revision."""


class Witness:
    """Runs from `start` to `stop`; `until` waits for something to have been seen."""

    def __init__(self, bootstrap: str) -> None:
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap, enable_auto_commit=False, max_partition_fetch_bytes=4 << 20
        )
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._letters: dict[TopicPartition, int] = {}
        self.seen = Seen()

    async def start(self) -> None:
        """Returns when everything that is written from now on will be seen."""
        await self._consumer.start()
        await self._consumer.topics()  # learns where everything is
        partitions = self._partitions(_TOPICS)
        self._letters = await self._consumer.end_offsets(self._partitions(dead_letter_topics()))
        self._consumer.assign(partitions)
        await self._consumer.seek_to_end(*partitions)
        for partition in partitions:
            await self._consumer.position(partition)
        self._task = asyncio.create_task(self._read())

    def _partitions(self, topics: Iterable[str]) -> list[TopicPartition]:
        return [
            TopicPartition(name, number)
            for name in topics
            for number in sorted(self._consumer.partitions_for_topic(name) or ())
        ]

    async def dead_letters(self) -> int:
        """How many were written since the start, of any service."""
        ends = await self._consumer.end_offsets(list(self._letters))
        written: int = sum(ends.values()) - sum(self._letters.values())
        return written

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._consumer.stop()

    async def until(self, found: Callable[[Seen], bool], seconds: float) -> bool:
        """Whether `found` came true within `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                while not found(self.seen):
                    if self._task is not None and self._task.done():
                        self._task.result()
                    await self._news.wait()
        except TimeoutError:
            return False
        return True

    async def _read(self) -> None:
        try:
            while True:
                for partition, records in (await self._consumer.getmany(timeout_ms=200)).items():
                    kind = _TOPICS[partition.topic].event
                    for record in records:
                        self._note(kind.model_validate_json(record.value))
                self._wake()
                await asyncio.sleep(_PAUSE)  # so that the next fetch brings many records
        finally:
            self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _note(self, event: Event) -> None:
        seen = self.seen
        match event:
            case ReceivedMessage():
                seen.received[event.id] = event
            case BotAnswered():
                seen.answers[event.correlation_id] = event
            case ConversationQueued(message=ReceivedMessage() as message):
                seen.to_agents.add(message.id)
            case OutboundMessage() if event.id not in seen.outbound:
                seen.outbound[event.id] = event
                seen.by_cause[event.cause_id].append(event.id)
                if isinstance(event.content, Menu):
                    seen.menus[event.contact_id] = event
            case ConversationChanged() if event.id not in seen.changes:
                seen.changes[event.id] = event
                seen.caused[event.cause_id].append(event)
                self._note_conversation(event.conversation)
            case MessageStatus():
                seen.statuses[event.id] = event
                if event.message_id is not None and event.status in _SETTLED:
                    seen.settled[event.message_id].setdefault(event.part, event)
            case SessionChanged():
                known = seen.sessions.get(event.session_id)
                if known is None or event.revision > known.revision:
                    seen.sessions[event.session_id] = event
            case _:
                pass

    def _note_conversation(self, conversation: Conversation) -> None:
        known = self.seen.conversations.get(conversation.contact_id)
        place = (conversation.opened_at, conversation.revision)
        if known is None or place >= (known.opened_at, known.revision):
            self.seen.conversations[conversation.contact_id] = conversation


def is_out(seen: Seen, message_id: str) -> bool:
    """Whether the provider has answered to every part of an outbound message."""
    parts = seen.settled.get(message_id)
    if not parts:
        return False
    first = next(iter(parts.values()))
    return len(parts) >= first.parts or any(
        status.status in (DeliveryStatus.FAILED, DeliveryStatus.REFUSED) for status in parts.values()
    )


def standing(session: SessionChanged) -> bool:
    return session.change is not SessionChange.VOIDED


def caused(seen: Seen, cause_id: str, *changes: Change) -> bool:
    """Whether an event made one of these changes."""
    return any(one.change in changes for one in seen.caused.get(cause_id, ()))
