"""An agent wants something done."""

from typing import assert_never

from router.domain.queues import bot_only, enter_queue
from router.domain.step import Step
from ventanilla.contracts.channel import Author
from ventanilla.contracts.conversation import (
    AgentActed,
    Change,
    Close,
    ConversationState,
    QueuedReason,
    Release,
    Reply,
    Take,
    Transfer,
)
from ventanilla.exhaustion import ALLOTMENT_EXHAUSTED


def acted(step: Step, event: AgentActed) -> bool:
    """Do it, or refuse it with a stable reason; the desk shows what was decided."""
    refusal = _refusal(step, event)
    if refusal is not None:
        step.change(Change.ACT_REFUSED, "agent", actor_id=event.agent_id, reason=refusal)
        return True
    institution = step.rules.institution
    match event.act:
        case Take():
            _take(step, event)
        case Reply(content=content):
            step.unanswered = False
            step.send(content, Author(kind="agent", id=event.agent_id, name=event.agent_name))
        case Transfer(queue=queue):
            enter_queue(
                step, queue, Change.TRANSFERRED, QueuedReason.TRANSFER, actor="agent",
                actor_id=event.agent_id, area=institution.queues[queue].area,
                text=institution.texts.transferred,
            )  # fmt: skip
        case Release():
            enter_queue(
                step, _queue(step), Change.RELEASED, QueuedReason.RELEASE,
                actor="agent", actor_id=event.agent_id,
            )  # fmt: skip
        case Close(reason=reason):
            step.closed_by_agent = True
            step.change(
                Change.CLOSED, "agent", actor_id=event.agent_id, reason=reason,
                state=ConversationState.CLOSED, agent_id=None,
            )  # fmt: skip
            step.say(institution.texts.closed)
        case _:
            assert_never(event.act)
    step.touch()
    return True


def _refusal(step: Step, event: AgentActed) -> str | None:
    """Why it cannot be; None: it can. `takeover` is a supervisor's authority over what is not his own.

    | conversation | take | reply | transfer, release, close |
    | --- | --- | --- | --- |
    | with the bot | takeover, unless the allotment is used up (`bot_only`) | no | no |
    | waiting | anyone | no | takeover, but nothing to release |
    | with an agent | takeover, or it is his already | that agent | that agent, or takeover |
    | closed | no | no | no |
    """
    conversation, act = step.current, event.act
    if conversation.id != event.conversation_id or conversation.state is ConversationState.CLOSED:
        return "closed"  # the contact's conversation of now is another one: the one meant has ended
    if isinstance(act, Transfer) and act.queue not in step.rules.institution.queues:
        return "unknown_queue"
    mine = conversation.agent_id == event.agent_id
    match conversation.state:
        case ConversationState.WITH_BOT:
            if isinstance(act, Take) and event.takeover:
                return ALLOTMENT_EXHAUSTED if bot_only(step) else None
            return "with_bot"
        case ConversationState.WAITING:
            if isinstance(act, Take):
                return None
            allowed = event.takeover and isinstance(act, Transfer | Close)
            return None if allowed else "not_assigned_to_you"
        case _:
            if isinstance(act, Take):
                return "already_yours" if mine else None if event.takeover else "already_taken"
            if isinstance(act, Reply):
                return None if mine else "not_assigned_to_you"
            return None if mine or event.takeover else "not_assigned_to_you"


def _take(step: Step, event: AgentActed) -> None:
    conversation = step.current
    step.change(
        Change.ASSIGNED, "agent", actor_id=event.agent_id,
        reason=None if conversation.state is ConversationState.WAITING else "takeover",
        state=ConversationState.WITH_AGENT, agent_id=event.agent_id, queue=_queue(step),
        queued_at=conversation.queued_at or step.at,
    )  # fmt: skip
    step.say(step.rules.institution.texts.taken, agent=event.agent_name)


def _queue(step: Step) -> str:
    """The conversation's queue, or that of its area when it never was in one (taken from the bot)."""
    conversation = step.current
    return conversation.queue or step.rules.institution.queue_of_area(conversation.area)
