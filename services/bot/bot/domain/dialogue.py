"""What the bot remembers of a conversation."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict

from ventanilla.contracts.conversation import Conversation


class Offered(BaseModel):
    """An option of the last menu, so that "2" or its title typed by hand is understood."""

    model_config = ConfigDict(frozen=True)

    id: str
    title: str


class Dialogue(BaseModel):
    """One conversation, as far as the bot had it. A contact has one at a time: the newest."""

    model_config = ConfigDict(frozen=True)

    conversation_id: str
    opened_at: datetime
    """When the conversation began (UTC): a straggler of an older one must not replace this one."""
    turn: int = 0
    """The last turn that was answered. Turns only grow; what is not newer was answered already."""
    greeted: bool = False
    misses: int = 0
    """How many turns of this conversation were not understood, or had no answer."""
    area: str | None = None
    category: str | None = None
    options: tuple[Offered, ...] = ()

    @classmethod
    def begin(cls, conversation: Conversation) -> Self:
        return cls(
            conversation_id=conversation.id,
            opened_at=conversation.opened_at,
            area=conversation.area,
            category=conversation.category,
        )
