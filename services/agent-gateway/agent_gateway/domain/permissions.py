"""What a viewer may ask for, as far as the desk can tell. The router decides; this spares a vain request."""

from enum import StrEnum

from agent_gateway.domain.viewer import Viewer
from ventanilla.contracts.conversation import Conversation, ConversationState


class Action(StrEnum):
    TAKE = "take"
    REPLY = "reply"
    TRANSFER = "transfer"
    RELEASE = "release"
    CLOSE = "close"


def permitted(viewer: Viewer, conversation: Conversation) -> list[Action]:
    """The actions to offer: the router's own table once more."""
    mine = conversation.agent_id == viewer.id
    over = viewer.may_take_over
    match conversation.state:
        case ConversationState.WITH_BOT:
            return [Action.TAKE] if over else []
        case ConversationState.WAITING:
            return [Action.TAKE, Action.TRANSFER, Action.CLOSE] if over else [Action.TAKE]
        case ConversationState.WITH_AGENT if mine:
            return [Action.REPLY, Action.TRANSFER, Action.RELEASE, Action.CLOSE]
        case ConversationState.WITH_AGENT:
            return [Action.TAKE, Action.TRANSFER, Action.RELEASE, Action.CLOSE] if over else []
        case _:
            return []
