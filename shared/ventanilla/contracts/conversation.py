"""The life of a conversation: who has it, what they did, and every change.

Topics: `bot.conversation.queued.v1`, `bot.conversation.answered.v1`, `agent.conversation.queued.v1`,
`agent.conversation.acted.v1`, `conversation.timer.v1`, `conversation.lifecycle.v1`.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from ventanilla.contracts.channel import Channel, OutboundContent, ReceivedMessage, Sender
from ventanilla.contracts.event import Contract, Event, Timestamp


class ConversationState(StrEnum):
    NEW = "new"
    WITH_BOT = "with_bot"
    WAITING = "waiting_for_agent"
    WITH_AGENT = "with_agent"
    CLOSED = "closed"


class Conversation(Contract):
    """A conversation as the router, its only writer, knows it after `revision` changes."""

    id: str
    contact_id: str
    channel: Channel
    account: str
    state: ConversationState
    revision: int
    opened_at: Timestamp
    state_since: Timestamp
    last_inbound_at: Timestamp
    reply_window_until: Timestamp | None = None
    turn: int = 0
    """How many times the citizen has spoken; the bot answers one turn, and a late answer names an old one."""
    area: str | None = None
    category: str | None = None
    queue: str | None = None
    queued_at: Timestamp | None = None
    """The original arrival in a queue: kept through transfers and closed hours, it orders the queue."""
    agent_id: str | None = None
    sender: Sender = Sender()


class QueuedReason(StrEnum):
    MESSAGE = "message"  # the citizen wrote
    HANDOVER = "handover"  # the bot gave it up
    TRANSFER = "transfer"  # an agent moved it
    RELEASE = "release"  # an agent gave it back
    CARRIED = "carried"  # it came from a contact that turned out to be the same person


class ConversationQueued(Event):
    """It is the bot's turn (`bot.…queued`), or agents have something new (`agent.…queued`).

    `message` is set when a citizen's message caused it.
    """

    conversation: Conversation
    reason: QueuedReason
    message: ReceivedMessage | None = None


class BotOutcome(StrEnum):
    CONTINUE = "continue"
    HANDOVER = "handover"
    RESOLVED = "resolved"


class BotAnswered(Event):
    """The bot's proposal for one turn. The router sends it on only while that turn is still the bot's."""

    conversation_id: str
    turn: int
    replies: list[OutboundContent] = []
    outcome: BotOutcome = BotOutcome.CONTINUE
    area: str | None = None
    category: str | None = None
    confidence: float | None = None
    reason: str | None = None
    """Why it hands over or how it understood, a stable word (`requested`, `misses`, `menu` ...)."""
    sources: list[str] = []
    """Ids of the knowledge-base facts that the answer rests on."""


class Take(Contract):
    kind: Literal["take"] = "take"


class Reply(Contract):
    kind: Literal["reply"] = "reply"
    content: OutboundContent


class Transfer(Contract):
    kind: Literal["transfer"] = "transfer"
    queue: str
    note: str | None = None


class Release(Contract):
    kind: Literal["release"] = "release"


class Close(Contract):
    kind: Literal["close"] = "close"
    reason: str = "resolved"


Act = Annotated[Take | Reply | Transfer | Release | Close, Field(discriminator="kind")]


class AgentActed(Event):
    """What an agent wants done. `id` derives from the request's idempotency key, so a repeat acts once.

    A supervisor's `take` may take over from the bot or from another agent (`takeover`).
    """

    conversation_id: str
    agent_id: str
    agent_name: str
    act: Act
    takeover: bool = False


class ConversationTimer(Event):
    """A deadline passed while nothing happened. Ignored unless `due_at` is still the conversation's."""

    conversation_id: str
    due_at: Timestamp


class ContactLinked(Event):
    """`alias_id`, a pseudonym of another id of the same person, now stands for `contact_id`.

    When `alias_id` had been a contact of its own (`merged`), its open conversation moves over. The same
    event is written under both keys, so that the owner of either contact sees it.
    Topic: `contact.linked.v1`.
    """

    alias_id: str
    canonical_id: str
    merged: bool = False
    channel: Channel
    account: str
    conversation: Conversation | None = None
    """Set by the router when it carries an open conversation from the alias to the canonical contact."""
    seen: dict[str, str] = {}
    """Set by the router too: the alias's recent events in the router's own form, so that a message that the
    provider delivers again after the merge is still known."""
    passed_on: BotAnswered | AgentActed | None = None
    """Set by the router too: what came for the alias's conversation after that had moved. It travels here,
    behind the conversation, for on a topic of its own it could arrive before it."""


class Change(StrEnum):
    OPENED = "opened"
    REOPENED = "reopened"
    QUEUED = "queued"  # handed to a queue of agents, from the bot or from an agent
    ASSIGNED = "assigned"
    TRANSFERRED = "transferred"
    RELEASED = "released"
    CLASSIFIED = "classified"  # the area or the category became known
    CLOSED = "closed"
    MERGED = "merged"
    ANSWER_DISCARDED = "answer_discarded"  # the bot was late: somebody else has the conversation
    ACT_REFUSED = "act_refused"  # an agent asked for what is not (or no longer) possible


class ConversationChanged(Event):
    """Every change, with the conversation as it is after it. Topic: `conversation.lifecycle.v1`."""

    change: Change
    conversation: Conversation
    cause_id: str
    actor: Literal["contact", "bot", "agent", "system"]
    actor_id: str | None = None
    reason: str | None = None
    """A stable word: `requested`, `misses`, `idle`, `not_assigned_to_you`, `already_taken`, `closed` ..."""
    next_opening: Timestamp | None = None
    """For `queued` outside office hours: when the queue opens next."""
