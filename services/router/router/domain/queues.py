"""How a conversation enters a queue of people, and what the citizen is told there."""

from datetime import datetime

from router.domain.step import Actor, Step
from ventanilla.contracts.channel import ReceivedMessage
from ventanilla.contracts.conversation import Change, ConversationState, QueuedReason


def enter_queue(
    step: Step,
    queue: str,
    change: Change,
    why: QueuedReason,
    *,
    actor: Actor,
    actor_id: str | None = None,
    reason: str | None = None,
    area: str | None = None,
    message: ReceivedMessage | None = None,
    text: str | None = None,
) -> None:
    """Wait for an agent of `queue`. The first arrival in any queue is kept: it is the place in line.

    `text` is said when the queue is open; when it is closed the citizen is told when it opens, instead.
    """
    queue_closed, opening = _closed(step, queue)
    step.change(
        change, actor, actor_id=actor_id, reason=reason, next_opening=opening,
        state=ConversationState.WAITING, queue=queue, agent_id=None,
        area=area or step.current.area, queued_at=step.current.queued_at or step.at,
    )  # fmt: skip
    step.to_agents(why, message)
    if queue_closed and opening is not None:
        _tell_opening(step, queue, opening)
    elif text is not None:
        step.say(text, queue=step.rules.name_of(queue))
    step.touch()


def bot_only(step: Step) -> bool:
    """Whether nobody new comes to agents just now; what they have, and who waits for them, goes on."""
    conversation = step.current
    return step.rules.bot_only(conversation.channel, conversation.account, step.at)


def stay_with_bot(step: Step) -> None:
    """Instead of handing over: the citizen is told, and the bot keeps the conversation."""
    step.say(step.rules.institution.texts.bot_only or "")
    step.touch()


def tell_if_closed(step: Step) -> None:
    """Somebody waits and writes: say when the queue opens, once for each closed period."""
    queue = step.current.queue
    if queue is not None:
        _, opening = _closed(step, queue)
        if opening is not None:
            _tell_opening(step, queue, opening)


def _closed(step: Step, queue: str) -> tuple[bool, datetime | None]:
    """Whether the queue is closed now, and when it opens next (None too when that is not in sight)."""
    hours = step.rules.hours_of(queue)
    return (False, None) if hours.is_open(step.at) else (True, hours.next_opening(step.at))


def _tell_opening(step: Step, queue: str, opening: datetime) -> None:
    rules = step.rules
    if step.told_opening != opening and step.say(
        rules.institution.texts.out_of_hours,
        queue=rules.name_of(queue),
        opening=rules.moment_text(opening),
    ):
        step.told_opening = opening
