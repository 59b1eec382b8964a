"""What the bot remembers of a conversation."""

from typing import Self

from pydantic import BaseModel, ConfigDict

from ventanilla.contracts.conversation import Conversation


class Offered(BaseModel):
    """An option of the last menu, so that "2" or its title typed by hand is understood."""

    model_config = ConfigDict(frozen=True)

    id: str
    title: str


class Dialogue(BaseModel):
    """One conversation, as far as the bot had it. A contact has one at a time."""

    model_config = ConfigDict(frozen=True)

    conversation_id: str
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
            area=conversation.area,
            category=conversation.category,
        )
