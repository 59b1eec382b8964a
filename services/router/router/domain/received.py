"""The citizen writes."""

from typing import Any

from router.domain.queues import bot_only, enter_queue, tell_if_closed
from router.domain.state import OPEN, WITH_PEOPLE
from router.domain.step import Step, moment
from ventanilla.contracts.channel import Reaction, ReceivedMessage, Sender, SystemNotice
from ventanilla.contracts.conversation import Change, Conversation, ConversationState, QueuedReason
from ventanilla.contracts.event import derived_id


def received(step: Step, event: ReceivedMessage) -> bool:
    """A message opens, re-opens or goes on with a conversation. False: it had no effect."""
    conversation = step.conversation
    if isinstance(event.content, Reaction | SystemNotice):
        return _aside(step, event)
    if conversation is not None and conversation.state in OPEN:
        _go_on(step, event)
    elif conversation is not None and _reopens(step):
        _reopen(step, event, conversation)
    else:
        _open(step, event)
    return True


def _aside(step: Step, event: ReceivedMessage) -> bool:
    """A reaction or a notice is no question: it opens nothing and wakes no bot, but an agent may see it."""
    if step.conversation is None or step.conversation.state not in WITH_PEOPLE:
        return False
    step.to_agents(QueuedReason.MESSAGE, event)
    return True


def _open(step: Step, event: ReceivedMessage) -> None:
    at = moment(step.rules, event)
    step.begin(
        Conversation(
            id=derived_id("conversation", event.contact_id, event.id),
            contact_id=event.contact_id,
            channel=event.channel,
            account=event.account,
            state=ConversationState.NEW,
            revision=0,
            opened_at=step.at,
            state_since=step.at,
            last_inbound_at=at,
            reply_window_until=step.rules.reply_window_until(event.channel, at),
            turn=1,
            sender=event.sender,
        )
    )
    step.unanswered = True
    step.change(Change.OPENED, "contact", state=ConversationState.WITH_BOT)
    step.to_bot(event)
    step.touch()


def _go_on(step: Step, event: ReceivedMessage) -> None:
    step.unanswered = True
    step.set(**_heard(step, step.current, event))
    if step.current.state is ConversationState.WITH_BOT:
        step.to_bot(event)
    else:
        step.to_agents(QueuedReason.MESSAGE, event)
        if step.current.state is ConversationState.WAITING:
            tell_if_closed(step)
    step.touch()


def _reopens(step: Step) -> bool:
    within = step.rules.institution.conversation.reopen_within
    return (
        step.closed_by_agent
        and not bot_only(step)
        and step.current.queue is not None
        and step.at - step.current.state_since <= within
    )


def _reopen(step: Step, event: ReceivedMessage, conversation: Conversation) -> None:
    """Back to the people who had it; the place in line is a new one."""
    heard = _heard(step, conversation, event)
    step.begin(conversation.model_copy(update={**heard, "queued_at": None}))
    step.unanswered = True
    enter_queue(
        step, conversation.queue or step.rules.institution.default_queue, Change.REOPENED,
        QueuedReason.MESSAGE, actor="contact", message=event, text=step.rules.institution.texts.reopened,
    )  # fmt: skip


def _heard(step: Step, conversation: Conversation, event: ReceivedMessage) -> dict[str, Any]:
    """What one turn more changes. Messages come in any order: an older one moves no clock back."""
    last = max(conversation.last_inbound_at, moment(step.rules, event))
    return {
        "turn": conversation.turn + 1,
        "last_inbound_at": last,
        "reply_window_until": step.rules.reply_window_until(conversation.channel, last),
        "sender": _known(conversation.sender, event.sender),
    }


def _known(old: Sender, new: Sender) -> Sender:
    """What is known of the sender: the newest that any message told."""
    if new.name in (None, old.name) and new.address_hint in (None, old.address_hint):
        return old
    return Sender(name=new.name or old.name, address_hint=new.address_hint or old.address_hint)
