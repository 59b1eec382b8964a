"""A deadline passes.

What happens depends on whose silence it was. The citizen's ends the conversation. The bot's hands it to
people, and an agent's gives it back to the queue: nobody is left without an answer because somebody of ours
was silent (docs/decisions/0007-whose-silence.md).

The sweeper announces deadlines of live accounts by a `ConversationTimer`. Independently of it, an event that
comes later than a deadline first lets the deadline take effect, as of its own time: so the outcome does not
depend on how quick the sweeper was, and a recorded day needs none. The one exception is a turn that the bot
still owes: only the sweeper, which knows that real time has passed, ends that wait.
"""

from router.domain.answered import hand_over
from router.domain.queues import enter_queue
from router.domain.step import Step
from ventanilla.contracts.conversation import Change, ConversationState, ConversationTimer, QueuedReason


def timer(step: Step, event: ConversationTimer) -> bool:
    """False: the deadline is not the conversation's any more."""
    conversation = step.conversation
    if conversation is None or conversation.id != event.conversation_id or step.due_at != event.due_at:
        return False
    if conversation.state is ConversationState.WITH_BOT and step.unanswered:
        hand_over(step, "system", "bot_silent")
    else:
        _lapse(step)
    return True


def lapse_before(step: Step) -> None:
    """Let every deadline before the event in hand take effect first, as of its own time."""
    now = step.at
    while step.due_at is not None and step.due_at < now and not _bot_owes(step):
        step.at, step.quiet = step.due_at, True
        _lapse(step)
    step.at, step.quiet = now, False


def _bot_owes(step: Step) -> bool:
    return step.unanswered and step.current.state is ConversationState.WITH_BOT


def _lapse(step: Step) -> None:
    conversation = step.current
    if conversation.state is ConversationState.WITH_AGENT and step.unanswered and conversation.queue:
        enter_queue(
            step, conversation.queue, Change.RELEASED, QueuedReason.RELEASE,
            actor="system", reason="agent_silent",
        )  # fmt: skip
        return
    step.change(Change.CLOSED, "system", reason="idle", state=ConversationState.CLOSED, agent_id=None)
    step.touch()
    # With the bot a conversation just ends; and who was never answered is not told that he was silent.
    if not step.unanswered and conversation.state is not ConversationState.WITH_BOT:
        step.say(step.rules.institution.texts.idle_closed)
