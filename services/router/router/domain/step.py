"""One decision in the making: the working copy of a state, and what is to be emitted, in order.

It lives for one call of `decide` and is changed in place; nothing outside sees it.
"""

from datetime import UTC, datetime
from typing import Any, Literal

from router.domain import seen
from router.domain.rules import Rules
from router.domain.state import RouterState
from ventanilla.contracts.channel import Author, OutboundContent, OutboundMessage, ReceivedMessage, TextOut
from ventanilla.contracts.conversation import (
    Change,
    Conversation,
    ConversationChanged,
    ConversationQueued,
    ConversationState,
    QueuedReason,
)
from ventanilla.contracts.event import Event, derived_id
from ventanilla.stream.decision import Decision, Output
from ventanilla.topics import AGENT_QUEUED, BOT_QUEUED, LIFECYCLE, OUTBOUND

Actor = Literal["contact", "bot", "agent", "system"]

_SYSTEM = Author(kind="system")
_EMPTY = RouterState(latest=datetime(1, 1, 1, tzinfo=UTC))


def moment(rules: Rules, event: Event) -> datetime:
    """When an event happened, in UTC. A live message cannot have been sent after ingest received it.

    Without that limit one message from a telephone in the year 2100 would put off every deadline till then.
    """
    if (
        isinstance(event, ReceivedMessage)
        and event.received_at < event.occurred_at
        and not rules.is_replayed(event.channel, event.account)
    ):
        return event.received_at.astimezone(UTC)
    return event.occurred_at.astimezone(UTC)


class Step:
    """The state being decided (`conversation` and the fields after it), and the outputs so far."""

    __slots__ = (
        "absorbed", "answered_turn", "at", "before", "cause", "closed_by_agent", "conversation", "due_at",
        "joined", "merged_into", "outputs", "quiet", "rules", "seen", "sent", "told_opening", "unanswered",
    )  # fmt: skip

    def __init__(self, rules: Rules, state: RouterState | None, cause: Event) -> None:
        before = state or _EMPTY
        self.before = before
        self.rules = rules
        self.cause = cause
        self.at = max(moment(rules, cause), before.latest)
        self.conversation = before.conversation
        self.due_at = before.due_at
        self.unanswered = before.unanswered
        self.answered_turn = before.answered_turn
        self.joined = before.joined
        self.closed_by_agent = before.closed_by_agent
        self.told_opening = before.told_opening
        self.merged_into = before.merged_into
        self.absorbed = before.absorbed
        self.seen = before.seen
        self.outputs: list[Output] = []
        self.sent = 0
        self.quiet = False
        """Say nothing of our own: what is being decided is of the past."""

    @property
    def current(self) -> Conversation:
        """The conversation, where there is one."""
        assert self.conversation is not None, "checked by whoever dispatches"
        return self.conversation

    def begin(self, conversation: Conversation) -> None:
        """Another conversation takes the place of the last one."""
        self.conversation = conversation
        self.unanswered = False
        self.answered_turn = 0
        self.joined = ()
        self.closed_by_agent = False
        self.told_opening = None

    def set(self, **updates: Any) -> None:
        """Change the conversation: a new revision, dated when its state changes."""
        conversation = self.current
        updates["revision"] = conversation.revision + 1
        if updates.get("state", conversation.state) is not conversation.state:
            updates["state_since"] = self.at
        self.conversation = conversation.model_copy(update=updates)

    def change(
        self,
        change: Change,
        actor: Actor,
        *,
        actor_id: str | None = None,
        reason: str | None = None,
        next_opening: datetime | None = None,
        **updates: Any,
    ) -> None:
        """Change the conversation and say so."""
        self.set(**updates)
        self.tell(change, actor, actor_id=actor_id, reason=reason, next_opening=next_opening)

    def tell(
        self,
        change: Change,
        actor: Actor,
        *,
        actor_id: str | None = None,
        reason: str | None = None,
        next_opening: datetime | None = None,
    ) -> None:
        """Announce the conversation as it is now."""
        event = ConversationChanged(
            id=self._id("lifecycle"), occurred_at=self.at, contact_id=self.current.contact_id,
            correlation_id=self.cause.correlation_id, change=change, conversation=self.current,
            cause_id=self.cause.id, actor=actor, actor_id=actor_id, reason=reason, next_opening=next_opening,
        )  # fmt: skip
        self.outputs.append((LIFECYCLE, event))

    def to_bot(self, message: ReceivedMessage) -> None:
        """It is the bot's turn."""
        self.outputs.append((BOT_QUEUED, self._queued(QueuedReason.MESSAGE, message)))

    def to_agents(self, reason: QueuedReason, message: ReceivedMessage | None = None) -> None:
        """Agents have something new."""
        self.outputs.append((AGENT_QUEUED, self._queued(reason, message)))

    def send(self, content: OutboundContent, author: Author) -> None:
        """Speak to the citizen. The only place in the system that makes an outbound message."""
        conversation = self.current
        message = OutboundMessage(
            id=derived_id("outbound", self.cause.id, str(self.sent)), occurred_at=self.at,
            contact_id=conversation.contact_id, correlation_id=self.cause.correlation_id,
            conversation_id=conversation.id, channel=conversation.channel, account=conversation.account,
            author=author, content=content, reply_window_until=conversation.reply_window_until,
            cause_id=self.cause.id,
        )  # fmt: skip
        self.sent += 1
        self.outputs.append((OUTBOUND, message))

    def say(self, text: str, **values: str) -> bool:
        """One of the institution's own texts with its values. False: it was not said.

        Only inside the reply window: outside it would go out as a template, and a courtesy is not worth
        a new metered session. A text that the institution left empty is not said.
        """
        until = self.current.reply_window_until
        if self.quiet or (until is not None and self.at > until):
            return False
        if text:
            self.send(TextOut(text=text.format(**values)), _SYSTEM)
        return bool(text)

    def touch(self) -> None:
        """Something happened: the idle clock starts again, from now.

        With the bot it runs always, for the bot is always there. With people it runs only while the queue
        is open: a citizen who waits over a weekend loses nothing by it, and an agent has his office hours
        to answer in. A queue that never opens again has no clock.
        """
        conversation, limits = self.current, self.rules.institution.conversation
        if conversation.state is ConversationState.WITH_BOT:
            self.due_at = self.at + limits.bot_idle
        elif conversation.state is ConversationState.CLOSED or conversation.queue is None:
            self.due_at = None
        else:
            waiting = conversation.state is ConversationState.WAITING
            limit = limits.waiting_idle if waiting else limits.agent_idle
            self.due_at = self.rules.hours_of(conversation.queue).after_open_time(self.at, limit)

    def decided(self) -> Decision[RouterState]:
        """The state after this event, which is remembered, and the outputs."""
        state = self.before.model_copy(
            update={
                "latest": self.at,
                "conversation": self.conversation,
                "due_at": self.due_at,
                "unanswered": self.unanswered,
                "answered_turn": self.answered_turn,
                "joined": self.joined,
                "closed_by_agent": self.closed_by_agent,
                "told_opening": self.told_opening,
                "merged_into": self.merged_into,
                "absorbed": self.absorbed,
                "seen": seen.remember(self.seen, self.cause.id, self.at),
            }
        )
        return Decision(state, tuple(self.outputs))

    def _queued(self, reason: QueuedReason, message: ReceivedMessage | None) -> ConversationQueued:
        return ConversationQueued(
            id=self._id("queued"), occurred_at=self.at, contact_id=self.current.contact_id,
            correlation_id=self.cause.correlation_id, conversation=self.current, reason=reason,
            message=message,
        )  # fmt: skip

    def _id(self, kind: str) -> str:
        return derived_id(kind, self.cause.id, str(len(self.outputs)))
