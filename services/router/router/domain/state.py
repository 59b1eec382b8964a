"""What the router keeps of one contact. It is written with every message, so it is small."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from ventanilla.contracts.conversation import Conversation, ConversationState

OPEN = frozenset({ConversationState.WITH_BOT, ConversationState.WAITING, ConversationState.WITH_AGENT})
WITH_PEOPLE = frozenset({ConversationState.WAITING, ConversationState.WITH_AGENT})
"""The conversation is in human hands: the bot is out of it."""


class RouterState(BaseModel):
    """One contact: the conversation of now, or the last one, and what deciding the next event needs."""

    model_config = ConfigDict(frozen=True)

    latest: datetime
    """The greatest time of any event so far: no change is dated before it."""
    conversation: Conversation | None = None
    """None only for a contact that ended before it ever had one (see `linked`)."""
    due_at: datetime | None = None
    """When the conversation changes hands or ends if nothing happens (see `timers`)."""
    unanswered: bool = False
    """The citizen spoke last."""
    answered_turn: int = 0
    """The highest turn that the bot has answered in this conversation."""
    joined: tuple[str, ...] = ()
    """The conversations that ended in this one, of contacts that turned out to be this one. What the bot
    still answers in them is an answer here."""
    closed_by_agent: bool = False
    told_opening: datetime | None = None
    """The opening time that the citizen was last told: each closed period is told once."""
    merged_into: str | None = None
    """The contact that this one turned out to be; everything that still comes is passed on to it."""
    absorbed: tuple[str, ...] = ()
    """The contacts that turned out to be this one."""
    seen: dict[str, str] = {}
    """The events that had an effect in the last days (see `seen`)."""
