"""What the desk shows of a conversation and its transcript."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, Field

from agent_gateway.desk import Desk
from agent_gateway.domain import statuses, walls
from agent_gateway.domain.permissions import Action, permitted
from agent_gateway.domain.projection import Author, Direction, Line
from agent_gateway.domain.viewer import Viewer
from agent_gateway.store.conversations import Kept
from agent_gateway.store.messages import KeptLine
from ventanilla.clock import account_now, utc_now
from ventanilla.contracts.channel import Channel, MessageStatus
from ventanilla.contracts.conversation import ConversationState


class LastView(BaseModel):
    at: datetime
    author: str
    kind: str = Field(description="The content's type.")
    text: str | None = None


class WindowView(BaseModel):
    until: datetime
    seconds_left: int = Field(description="By the account's clock; 0: closed, only the template may be sent.")


class TemplateView(BaseModel):
    name: str
    language: str


class ConversationView(BaseModel):
    id: str
    revision: int
    state: ConversationState
    channel: Channel
    account: str
    account_name: str
    sender_name: str | None
    sender_hint: str | None = Field(description="The last characters of the citizen's address.")
    area: str | None
    category: str | None
    queue: str | None
    queue_name: str | None
    opened_at: datetime
    queued_at: datetime | None
    waiting_seconds: int | None = Field(description="Since it first came into a queue, while it waits.")
    agent_id: str | None
    agent_name: str | None
    mine: bool
    unread: int
    last: LastView | None
    window: WindowView | None = Field(description="Null: free text is always allowed.")
    template: TemplateView | None = Field(description="What may be sent when the window is closed.")
    actions: list[Action] = Field(description="What the viewer may ask for.")


class PartView(BaseModel):
    part: int
    status: str
    at: datetime
    provider_message_id: str | None = None
    error: str | None = Field(None, description="The provider's title of the failure.")
    error_code: str | None = Field(None, description="A stable word or the provider's number.")
    template: str | None = Field(None, description="The template that was sent in place of the text.")


class MessageView(BaseModel):
    """`provider_message_id` is a handle, not the id itself: see `handle`."""

    id: str
    at: datetime
    direction: Direction
    author: Author
    author_id: str | None
    author_name: str | None
    content: dict[str, Any] = Field(description="As in the contract; for a note `type` is `change`.")
    reply_to: str | None = Field(description="The `provider_message_id` of the message that it quotes.")
    provider_message_id: str | None
    forwarded: bool
    status: str | None = Field(
        description="Of what we sent: pending, or the least advanced part's status. Of what was written on "
        "the telephone, null until the provider tells."
    )
    parts: list[PartView]
    sort: str
    stored_at: datetime


@dataclass(frozen=True)
class Surroundings:
    """What a view needs beside its conversation."""

    names: dict[str, str]
    unread: dict[str, int]


async def surroundings(desk: Desk, kept: Sequence[Kept]) -> Surroundings:
    """Two queries, for any number of conversations."""
    taken = [one for one in kept if one.conversation.agent_id is not None]
    names = await desk.accounts.names(one.conversation.agent_id or "" for one in taken)
    unread = await desk.messages.unread({one.conversation.id: one.read_at for one in taken})
    return Surroundings(names, unread)


def now_of(desk: Desk, kept: Kept) -> datetime:
    """Now, by the clock of the conversation's account."""
    account = desk.institution.account(kept.conversation.channel, kept.conversation.account)
    return account_now(
        replay=account is not None and account.replay,
        event_time=kept.event_at,
        seen_at=kept.event_seen_at,
        wall=utc_now,
    )


def window_closed(desk: Desk, kept: Kept) -> bool:
    until = kept.conversation.reply_window_until
    return until is not None and now_of(desk, kept) >= until


def conversation_view(desk: Desk, viewer: Viewer, kept: Kept, around: Surroundings) -> ConversationView:
    one, institution = kept.conversation, desk.institution
    account = institution.account(one.channel, one.account)
    template = account.window_template if account else None
    queue = institution.queues.get(one.queue) if one.queue else None
    now = now_of(desk, kept)
    until = one.reply_window_until
    waits_since = one.queued_at if one.state is ConversationState.WAITING else None
    last = kept.last
    return ConversationView(
        id=one.id,
        revision=one.revision,
        state=one.state,
        channel=one.channel,
        account=one.account,
        account_name=account.name if account else one.account,
        sender_name=one.sender.name,
        sender_hint=one.sender.address_hint,
        area=one.area,
        category=one.category,
        queue=one.queue,
        queue_name=queue.name if queue else one.queue,
        opened_at=one.opened_at,
        queued_at=one.queued_at,
        waiting_seconds=max(0, int((now - waits_since).total_seconds())) if waits_since else None,
        agent_id=one.agent_id,
        agent_name=around.names.get(one.agent_id, one.agent_id) if one.agent_id else None,
        mine=one.agent_id == viewer.id,
        unread=around.unread.get(one.id, 0),
        last=LastView(at=last.at, author=last.author, kind=last.kind, text=last.preview) if last else None,
        window=None
        if until is None
        else WindowView(until=until, seconds_left=max(0, int((until - now).total_seconds()))),
        template=TemplateView(name=template.name, language=template.language) if template else None,
        actions=permitted(viewer, one),
    )


async def note_names(desk: Desk, lines: Sequence[KeptLine]) -> dict[str, str]:
    """What the agents are called whose deeds are noted among these lines."""
    notes = [one.line for one in lines if one.line.direction == "note" and one.line.author == "agent"]
    return await desk.accounts.names(line.author_id for line in notes if line.author_id is not None)


def message_view(kept: KeptLine, parts: Sequence[MessageStatus], names: Mapping[str, str]) -> MessageView:
    line: Line = kept.line
    known = [part for part in parts if part.status]
    tells = line.direction == "out" and (bool(known) or line.author != "telephone")
    return MessageView(
        id=line.id,
        at=line.at,
        direction=line.direction,
        author=line.author,
        author_id=line.author_id,
        author_name=line.author_name or names.get(line.author_id or ""),
        content=_shown(json.loads(line.content)),
        reply_to=handle(line.reply_to),
        provider_message_id=handle(line.provider_message_id),
        forwarded=line.forwarded,
        status=overall(known) if tells else None,
        parts=[part_view(part) for part in known],
        sort=kept.sort,
        stored_at=kept.stored_at,
    )


def handle(provider_message_id: str | None) -> str | None:
    """What stands for a provider's id of a message at the desk; the same wherever that id is.

    WhatsApp's ids hold the citizen's number, in base64, and an agent sees no more of that than its end.
    """
    return provider_message_id and sha256(provider_message_id.encode()).hexdigest()[:16]


def _shown(content: dict[str, Any]) -> dict[str, Any]:
    """A content of the contract, with a handle where it names another message."""
    if content.get("type") != "reaction":
        return content
    return {**content, "provider_message_id": handle(content["provider_message_id"])}


def overall(parts: Sequence[MessageStatus]) -> str:
    return statuses.overall([part.status for part in parts], max((part.parts for part in parts), default=1))


def part_view(status: MessageStatus) -> PartView:
    return PartView(
        part=status.part,
        status=status.status.value,
        at=status.occurred_at,
        provider_message_id=handle(status.provider_message_id),
        error=status.error.title if status.error else None,
        error_code=status.error.code if status.error else None,
        template=status.template,
    )


async def visible(desk: Desk, viewer: Viewer, conversation_id: str) -> Kept | None:
    """The conversation, if the viewer's walls let him know of it."""
    kept = await desk.conversations.get(conversation_id)
    return kept if kept is not None and walls.sees(viewer, desk.institution, kept.place) else None
