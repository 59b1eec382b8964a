"""From events to what the desk keeps. Pure, and foldable: any order and any number of repeats give the same.

A conversation's snapshot is guarded by its revision, the last words by their time, a status by its rank; a
line of a transcript never changes. So a batch is folded to one row for each thing before it is written.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ventanilla.contracts.channel import (
    EchoedMessage,
    InboundContent,
    MessageStatus,
    OutboundMessage,
    ReceivedMessage,
    echo_id,
)
from ventanilla.contracts.conversation import (
    Change,
    Conversation,
    ConversationChanged,
    ConversationQueued,
)
from ventanilla.contracts.event import Event

Direction = Literal["in", "note", "out"]

Author = Literal["contact", "bot", "agent", "system", "telephone"]
"""`telephone`: somebody of the institution, on its number's own telephone."""

_RANK_AT_THE_SAME_TIME: dict[Direction, int] = {"in": 0, "note": 1, "out": 2}
"""A bot's answer bears its question's time; the question is shown first whatever came first to us."""

_NOTED = frozenset(
    {
        Change.REOPENED, Change.QUEUED, Change.ASSIGNED, Change.TRANSFERRED, Change.RELEASED,
        Change.CLASSIFIED, Change.CLOSED, Change.MERGED,
    }
)  # fmt: skip
"""The changes that a transcript tells: those that say who had the conversation and why."""

_PREVIEW = 140


class Line(BaseModel):
    """One line of a transcript."""

    model_config = ConfigDict(frozen=True)

    id: str
    conversation_id: str
    at: datetime
    """The channel's time; the moment of the change for a note. UTC."""
    direction: Direction
    author: Author
    author_id: str | None = None
    author_name: str | None = None
    content: str
    """JSON: the content as in the contract; for a note `{"type": "change", "change": ...}`."""
    preview: str | None = None
    """The first words, where there are words."""
    kind: str
    """The content's type."""
    reply_to: str | None = None
    provider_message_id: str | None = None
    forwarded: bool = False
    act_id: str | None = None
    """The agent's act that a note tells of."""

    def sort_key(self, stored_at: datetime, position: int) -> str:
        """Orders a transcript by the channel's time; ties by direction, then by arrival."""
        return f"{self._moment}.{_digits(stored_at)}.{position:05d}.{self.id}"

    @property
    def lateness(self) -> str:
        """The greater, the later it was said; the same whenever it is asked."""
        return f"{self._moment}.{self.id}"

    @property
    def _moment(self) -> str:
        return f"{_digits(self.at)}.{_RANK_AT_THE_SAME_TIME[self.direction]}"


def _digits(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%d%H%M%S%f").rjust(20, "0")


@dataclass(frozen=True)
class Outcome:
    """The router's word on an agent's act."""

    act_id: str
    done: bool
    reason: str | None
    conversation_id: str


@dataclass
class Rows:
    """What a batch of events leaves to be written."""

    snapshots: dict[str, tuple[Conversation, datetime]] = field(default_factory=dict)
    """By conversation: the highest revision, and when its event happened."""
    lines: dict[str, Line] = field(default_factory=dict)
    latest: dict[str, Line] = field(default_factory=dict)
    """By conversation: the last thing that citizen, bot or agent said."""
    statuses: dict[str, MessageStatus] = field(default_factory=dict)
    """By `<message id>:<part>`: the status of the highest rank."""
    echoes: dict[str, EchoedMessage] = field(default_factory=dict)
    """They name no conversation: `domain.placing` finds it."""
    outcomes: dict[str, Outcome] = field(default_factory=dict)


def fold(events: Iterable[Event]) -> Rows:
    """The rows of a batch. Events of other kinds leave none."""
    rows = Rows()
    for event in events:
        match event:
            case ConversationQueued():
                _snapshot(rows, event.conversation, event.occurred_at)
                if event.message is not None:
                    _line(rows, _inbound(event.message, event.conversation.id))
            case ConversationChanged():
                _changed(rows, event)
            case OutboundMessage():
                _line(rows, _outbound(event))
                if event.author.kind == "agent":
                    rows.outcomes[event.cause_id] = Outcome(event.cause_id, True, None, event.conversation_id)
            case MessageStatus():
                _status(rows, event)
            case EchoedMessage():
                rows.echoes[event.id] = event
    return rows


def _status(rows: Rows, status: MessageStatus) -> None:
    """One of a message that is not the router's is kept as its echo's, whether that ever comes or not."""
    if status.message_id is None:
        if status.provider_message_id is None:
            return
        identity = echo_id(status.channel, status.account, status.provider_message_id)
        status = status.model_copy(update={"message_id": identity})
    key = f"{status.message_id}:{status.part}"
    known = rows.statuses.get(key)
    if known is None or known.status.rank < status.status.rank:
        rows.statuses[key] = status


def _snapshot(rows: Rows, conversation: Conversation, at: datetime) -> None:
    known = rows.snapshots.get(conversation.id)
    if known is None or known[0].revision < conversation.revision:
        rows.snapshots[conversation.id] = (conversation, at)


def _line(rows: Rows, line: Line) -> None:
    rows.lines.setdefault(line.id, line)
    if line.author == "system":
        return  # what the institution says by itself is no news to an agent
    _later(rows.latest, line)


def _later(latest: dict[str, Line], line: Line) -> None:
    known = latest.get(line.conversation_id)
    if known is None or known.lateness < line.lateness:
        latest[line.conversation_id] = line


def last_words(lines: Iterable[Line]) -> dict[str, Line]:
    """By conversation, the latest of these lines."""
    latest: dict[str, Line] = {}
    for line in lines:
        _later(latest, line)
    return latest


def _changed(rows: Rows, event: ConversationChanged) -> None:
    conversation = event.conversation
    _snapshot(rows, conversation, event.occurred_at)
    if event.actor == "agent":
        refused = event.change is Change.ACT_REFUSED
        rows.outcomes[event.cause_id] = Outcome(
            event.cause_id, not refused, event.reason if refused else None, conversation.id
        )
    if event.change in _NOTED:
        told = Told(
            change=event.change, reason=event.reason, queue=conversation.queue, area=conversation.area,
            category=conversation.category, next_opening=event.next_opening,
        )  # fmt: skip
        rows.lines.setdefault(
            event.id,
            Line(
                id=event.id, conversation_id=conversation.id, at=event.occurred_at, direction="note",
                author=event.actor, author_id=event.actor_id, kind=told.type,
                content=told.model_dump_json(exclude_none=True),
                act_id=event.cause_id if event.actor == "agent" else None,
            ),
        )  # fmt: skip


class Told(BaseModel):
    """A change of the conversation, as a transcript tells it."""

    type: Literal["change"] = "change"
    change: Change
    reason: str | None = None
    queue: str | None = None
    area: str | None = None
    category: str | None = None
    next_opening: datetime | None = None
    note: str | None = None
    """What the agent wrote for the colleague who gets the conversation."""


def _inbound(message: ReceivedMessage, conversation_id: str) -> Line:
    return Line(
        id=message.id, conversation_id=conversation_id,
        # A telephone whose clock is ahead must not stand below everything for ever.
        at=min(message.occurred_at, message.received_at),
        direction="in", author="contact", author_name=message.sender.name, kind=message.content.type,
        content=message.content.model_dump_json(exclude_none=True), preview=_words(message.content),
        reply_to=message.reply_to, provider_message_id=message.provider_message_id,
        forwarded=message.forwarded,
    )  # fmt: skip


def _outbound(message: OutboundMessage) -> Line:
    content = message.content
    return Line(
        id=message.id, conversation_id=message.conversation_id, at=message.occurred_at, direction="out",
        author=message.author.kind, author_id=message.author.id, author_name=message.author.name,
        kind=content.type, content=content.model_dump_json(exclude_none=True),
        preview=None if content.type == "template" else content.text[:_PREVIEW],
    )  # fmt: skip


def echoed(echo: EchoedMessage, conversation_id: str) -> Line:
    """The line of an echo, once its conversation is known."""
    return Line(
        id=echo.id, conversation_id=conversation_id, at=min(echo.occurred_at, echo.received_at),
        direction="out", author="telephone", kind=echo.content.type,
        content=echo.content.model_dump_json(exclude_none=True), preview=_words(echo.content),
        provider_message_id=echo.provider_message_id,
    )  # fmt: skip


def _words(content: InboundContent) -> str | None:
    """What a list may show of a message: its words, its caption, what was chosen."""
    for name in ("text", "caption", "title", "body", "emoji", "filename", "name"):
        value = getattr(content, name, None)
        if isinstance(value, str) and value:
            return value[:_PREVIEW]
    return None
