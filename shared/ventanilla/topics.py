"""The declared list of topics: what stands on each, who writes it, and how it is kept.

Everything else (creation, documentation, dead letters, consumers) reads this list.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from ventanilla.contracts.billing import (
    AllotmentReached,
    MeterDue,
    MeterMoved,
    MeterNoted,
    SessionChanged,
    StatementClosed,
)
from ventanilla.contracts.channel import EchoedMessage, MessageStatus, OutboundMessage, ReceivedMessage
from ventanilla.contracts.conversation import (
    AgentActed,
    BotAnswered,
    ContactLinked,
    ConversationChanged,
    ConversationQueued,
    ConversationTimer,
)
from ventanilla.contracts.event import Event

PARTITIONS = 6
"""The same for every keyed topic: one contact then has one partition number everywhere, and one owner."""


@dataclass(frozen=True)
class Topic:
    """A topic of the contract. The key of every record is its event's `contact_id`."""

    name: str
    event: type[Event]
    producer: str
    consumers: tuple[str, ...]
    """The services of ours that read it, and so may have dead letters of it."""
    purpose: str
    retention: timedelta = timedelta(days=14)
    partitions: int = PARTITIONS
    cleanup: Literal["delete", "compact", "compact,delete"] = "delete"
    """Kafka's `cleanup.policy`."""

    def dead_letters(self, service: str) -> str:
        """The topic that keeps what `service` could not process of this one."""
        return f"{self.name}.{service}.dlq"


RECEIVED = Topic("channel.message.received.v1", ReceivedMessage, "ingest", ("router",), "A citizen's message")
STATUS = Topic(
    "channel.message.status.v1",
    MessageStatus,
    "ingest",
    ("billing", "agent-gateway", "ingest"),
    "What became of a message that was sent",
    retention=timedelta(days=45),
)
ECHOED = Topic(
    "channel.message.echoed.v1",
    EchoedMessage,
    "ingest",
    ("billing", "agent-gateway"),
    "An answer given on the number's own telephone",
    retention=timedelta(days=45),  # as long as statuses, of which it says that they do not count
)
OUTBOUND = Topic(
    "channel.message.outbound.v1",
    OutboundMessage,
    "router",
    ("ingest", "agent-gateway"),
    "Send this message",
)
CONTACT_LINKED = Topic(
    "contact.linked.v1",
    ContactLinked,
    "ingest",
    ("router", "billing"),
    "Two ids are one person",
    retention=timedelta(days=45),  # as long as statuses, which cannot be recomputed without it
)
BOT_QUEUED = Topic(
    "bot.conversation.queued.v1",
    ConversationQueued,
    "router",
    ("bot", "agent-gateway"),
    "It is the bot's turn",
)
BOT_ANSWERED = Topic(
    "bot.conversation.answered.v1", BotAnswered, "bot", ("router",), "The bot's proposal for a turn"
)
AGENT_QUEUED = Topic(
    "agent.conversation.queued.v1",
    ConversationQueued,
    "router",
    ("agent-gateway",),
    "Agents have something new",
)
AGENT_ACTED = Topic(
    "agent.conversation.acted.v1",
    AgentActed,
    "agent-gateway",
    ("router",),
    "What an agent wants done",
)
TIMER = Topic(
    "conversation.timer.v1",
    ConversationTimer,
    "router",
    ("router",),
    "A conversation's deadline passed",
)
LIFECYCLE = Topic(
    "conversation.lifecycle.v1",
    ConversationChanged,
    "router",
    ("agent-gateway", "billing"),
    "Every change of a conversation",
    retention=timedelta(days=45),
)
SESSION = Topic(
    "billing.session.v1",
    SessionChanged,
    "billing",
    ("billing",),
    "A metered 24-hour session",
    retention=timedelta(days=400),
)
ALLOTMENT = Topic(
    "billing.allotment.v1",
    AllotmentReached,
    "billing",
    ("router", "ingest"),
    "A threshold of the month's allotment was reached",
    retention=timedelta(days=400),
)

METER_MOVED = Topic(
    "billing.meter.moved.v1",
    MeterMoved,
    "billing",
    ("billing",),
    "Deliveries of one id of a person, handed to the other",
)

METER_NOTED = Topic(
    "billing.meter.noted.v1",
    MeterNoted,
    "billing",
    ("billing",),
    "A status that the meter did not simply count: too late, ahead of its time, or in conflict",
    retention=timedelta(days=400),
)

METER_DUE = Topic(
    "billing.meter.due.v1",
    MeterDue,
    "billing",
    ("billing",),
    "The time of a held status has come",
)

STATEMENT = Topic(
    "billing.statement.v1",
    StatementClosed,
    "billing",
    (),
    "A month was closed, with what is billed for it",
    retention=timedelta(days=4000),  # a public body's accounts are asked for years later
)

ALL: tuple[Topic, ...] = (
    RECEIVED, STATUS, ECHOED, OUTBOUND, CONTACT_LINKED, BOT_QUEUED, BOT_ANSWERED, AGENT_QUEUED, AGENT_ACTED,
    TIMER, LIFECYCLE, SESSION, ALLOTMENT, STATEMENT,
    METER_MOVED, METER_NOTED, METER_DUE,
)  # fmt: skip


def dead_letter_topics() -> list[str]:
    """Every `<topic>.<service>.dlq` there can be: of each consumer, and of ingest, whose edge refuses."""
    names = {topic.dead_letters(service) for topic in ALL for service in topic.consumers}
    return sorted(names | {topic.dead_letters("ingest") for topic in (RECEIVED, STATUS, ECHOED)})
