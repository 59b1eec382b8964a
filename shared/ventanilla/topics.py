"""The declared list of topics: what stands on each, who writes it, and how it is kept.

Everything else (creation, documentation, dead letters, consumers) reads this list.
"""

from dataclasses import dataclass
from datetime import timedelta

from ventanilla.contracts.billing import AllotmentReached, SessionChanged
from ventanilla.contracts.channel import MessageStatus, OutboundMessage, ReceivedMessage
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
    purpose: str
    retention: timedelta = timedelta(days=14)
    partitions: int = PARTITIONS

    def dead_letters(self, service: str) -> str:
        """The topic that keeps what `service` could not process of this one."""
        return f"{self.name}.{service}.dlq"


RECEIVED = Topic("channel.message.received.v1", ReceivedMessage, "ingest", "A citizen's message")
STATUS = Topic(
    "channel.message.status.v1", MessageStatus, "ingest", "What became of a message that was sent",
    retention=timedelta(days=45),
)
OUTBOUND = Topic("channel.message.outbound.v1", OutboundMessage, "router", "Send this message")
CONTACT_LINKED = Topic("contact.linked.v1", ContactLinked, "ingest", "Two ids are one person")
BOT_QUEUED = Topic("bot.conversation.queued.v1", ConversationQueued, "router", "It is the bot's turn")
BOT_ANSWERED = Topic("bot.conversation.answered.v1", BotAnswered, "bot", "The bot's proposal for a turn")
AGENT_QUEUED = Topic("agent.conversation.queued.v1", ConversationQueued, "router", "Agents have something new")
AGENT_ACTED = Topic("agent.conversation.acted.v1", AgentActed, "agent-gateway", "What an agent wants done")
TIMER = Topic("conversation.timer.v1", ConversationTimer, "router", "A conversation's deadline passed")
LIFECYCLE = Topic(
    "conversation.lifecycle.v1", ConversationChanged, "router", "Every change of a conversation",
    retention=timedelta(days=45),
)
SESSION = Topic(
    "billing.session.v1", SessionChanged, "billing", "A metered 24-hour session", retention=timedelta(days=400)
)
ALLOTMENT = Topic(
    "billing.allotment.v1", AllotmentReached, "billing", "A threshold of the month's allotment was reached",
    retention=timedelta(days=400),
)

ALL: tuple[Topic, ...] = (
    RECEIVED, STATUS, OUTBOUND, CONTACT_LINKED, BOT_QUEUED, BOT_ANSWERED, AGENT_QUEUED, AGENT_ACTED,
    TIMER, LIFECYCLE, SESSION, ALLOTMENT,
)  # fmt: skip
