"""The bot proposes an answer."""

from router.domain.queues import bot_only, enter_queue, stay_with_bot
from router.domain.step import Actor, Step
from ventanilla.contracts.channel import Author
from ventanilla.contracts.conversation import (
    BotAnswered,
    BotOutcome,
    Change,
    Conversation,
    ConversationState,
    QueuedReason,
)
from ventanilla.exhaustion import ALLOTMENT_EXHAUSTED

_BOT = Author(kind="bot")


def answered(step: Step, event: BotAnswered, passed_on: bool) -> bool:
    """Send the bot's words on, while the conversation is the bot's; else discard them, and say so.

    A burst of messages makes several turns, and each is answered in order: an answer to an older turn is
    good as long as the bot has the conversation. It may hand over (the citizen asked for a person), but
    not close: something newer waits. So it is with an answer in a conversation that was joined to this one,
    and with one that was passed on from the alias: newer turns may have overtaken it. False: the turn was
    answered before.
    """
    conversation = step.current
    lost = _not_the_bots(step, conversation, event)
    if lost is not None:
        step.change(Change.ANSWER_DISCARDED, "bot", reason=lost)
        return True
    of_joined = event.conversation_id != conversation.id
    if event.turn <= step.answered_turn and not of_joined and not passed_on:
        return False
    overtaken = of_joined or event.turn <= step.answered_turn
    if not overtaken:
        step.answered_turn = event.turn
        step.unanswered = event.turn < conversation.turn
    _classify(step, event)
    if event.outcome is BotOutcome.HANDOVER and bot_only(step):
        # Its words announce a person: the institution's take their place.
        step.change(Change.ANSWER_DISCARDED, "bot", reason=ALLOTMENT_EXHAUSTED)
        stay_with_bot(step)
        return True
    for reply in event.replies:
        step.send(reply, _BOT)
    if event.outcome is BotOutcome.HANDOVER:
        hand_over(step, "bot", event.reason)
    elif event.outcome is BotOutcome.RESOLVED and not step.unanswered and not overtaken:
        step.change(Change.CLOSED, "bot", reason=event.reason or "resolved", state=ConversationState.CLOSED)
    step.touch()
    return True


def hand_over(step: Step, actor: Actor, reason: str | None) -> None:
    """From the bot to the queue of the conversation's area, if anybody may be handed over."""
    if bot_only(step):
        step.unanswered = False  # what he is told is all the answer that there is
        stay_with_bot(step)
        return
    step.unanswered = True
    enter_queue(
        step, step.rules.institution.queue_of_area(step.current.area), Change.QUEUED,
        QueuedReason.HANDOVER, actor=actor, reason=reason, text=step.rules.institution.texts.queued,
    )  # fmt: skip


def _not_the_bots(step: Step, conversation: Conversation, event: BotAnswered) -> str | None:
    of_joined = event.conversation_id in step.joined
    if conversation.id != event.conversation_id and not of_joined:
        return "other_conversation"
    if conversation.state is ConversationState.CLOSED:
        return "closed"
    if conversation.state is not ConversationState.WITH_BOT:
        return "handed_over"
    if event.turn > conversation.turn and not of_joined:
        return "unknown_turn"
    return None


def _classify(step: Step, event: BotAnswered) -> None:
    """Take what the bot learned, as far as the institution has such an area and category."""
    institution, conversation = step.rules.institution, step.current
    area = event.area if event.area in institution.areas else conversation.area
    category = event.category if event.category in institution.categories else conversation.category
    if (area, category) != (conversation.area, conversation.category):
        step.change(Change.CLASSIFIED, "bot", area=area, category=category)
