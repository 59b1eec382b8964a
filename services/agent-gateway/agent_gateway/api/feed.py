"""What open desks are told, as it happens.

The feed reads what the projection wrote from the store, woken by this process and every second for what other
replicas wrote; so a socket learns everything, whichever replica consumed it. Each socket's walls are applied
to each push. A socket that does not keep up, or a flood, gets `resync`: read the lists again.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from agent_gateway.api.queues import QueueView, queue_views
from agent_gateway.api.views import (
    Surroundings,
    conversation_view,
    message_view,
    note_names,
    overall,
    part_view,
    surroundings,
)
from agent_gateway.desk import Desk
from agent_gateway.domain import walls
from agent_gateway.domain.viewer import Viewer
from agent_gateway.store.conversations import Kept
from agent_gateway.store.messages import KeptLine
from ventanilla.clock import utc_now
from ventanilla.contracts.channel import MessageStatus
from ventanilla.observability import logger
from ventanilla.store import StoreError

log = logger(__name__)

Push = dict[str, Any]

_POLL_SECONDS = 1.0
_COALESCE_SECONDS = 0.03
_QUEUES_EVERY_SECONDS = 1.0
_HOURS_EVERY_SECONDS = 15.0
"""An office opens and closes without any event."""

_OVERLAP = timedelta(seconds=3)
"""Read again: replicas' clocks differ, and a write may take a moment."""

_LIMIT = 500
"""More changes than that since the last look are not told one by one."""

_BACKLOG = 1000


class Listener:
    """One socket: pushes go into a bounded queue."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.pushes: asyncio.Queue[Push] = asyncio.Queue(_BACKLOG)

    def push(self, push: Push) -> None:
        try:
            self.pushes.put_nowait(push)
        except asyncio.QueueFull:
            self.resync()

    def resync(self) -> None:
        """Forget what is waiting: the lists are to be read again anyway."""
        while not self.pushes.empty():
            self.pushes.get_nowait()
        self.pushes.put_nowait({"type": "resync"})


@dataclass
class News:
    """What changed since the last look."""

    conversations: list[Kept] = field(default_factory=list)
    lines: list[KeptLine] = field(default_factory=list)
    statuses: list[MessageStatus] = field(default_factory=list)
    flood: bool = False


class Feed:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._listeners: set[Listener] = set()
        self._since = utc_now()
        self._told: dict[str, datetime] = {}
        self._queues_at = 0.0
        self._queues_stale = True
        self._queues: dict[str, QueueView] = {}

    @contextlib.contextmanager
    def listening(self, viewer: Viewer) -> Iterator[Listener]:
        if not self._listeners:
            self._since = utc_now()
        listener = Listener(viewer)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    async def run(self) -> None:
        """For ever. A store that does not answer is asked again."""
        while True:
            await self._desk.landings.wait(_POLL_SECONDS)
            await asyncio.sleep(_COALESCE_SECONDS)
            if not self._listeners:
                continue
            try:
                await self._tell()
            except StoreError as error:
                log.warning("feed_waits_for_store", error=type(error).__name__)

    async def _tell(self) -> None:
        looked_at = utc_now()
        news = await self._news()
        self._since = looked_at
        listeners = tuple(self._listeners)
        self._queues_stale |= news.flood or bool(news.conversations)
        if news.flood:
            for listener in listeners:
                listener.resync()
        else:
            await self._tell_news(news, listeners)
        await self._tell_queues(listeners)

    async def _news(self) -> News:
        since = self._since - _OVERLAP
        self._told = {key: at for key, at in self._told.items() if at >= since}
        desk = self._desk
        conversations = await desk.conversations.touched(since, _LIMIT)
        lines = await desk.messages.lines_since(since, _LIMIT)
        statuses = await desk.messages.statuses_since(since, _LIMIT)
        if max(len(conversations), len(lines), len(statuses)) == _LIMIT:
            self._told.clear()
            return News(flood=True)
        told = [
            one.status
            for one in statuses
            if self._is_new(f"s{one.status.message_id}:{one.status.part}", one.stored_at)
        ]
        return News(
            [one for one in conversations if self._is_new(f"c{one.conversation.id}", one.touched_at)],
            [one for one in lines if self._is_new(f"l{one.line.id}", one.stored_at)],
            await self._placed(told),
        )

    async def _placed(self, statuses: list[MessageStatus]) -> list[MessageStatus]:
        """Those of echoes do not name a conversation: it is where their line stands, if it stands yet."""
        lost = [one.message_id for one in statuses if one.conversation_id is None and one.message_id]
        places = await self._desk.messages.places_of(lost)
        return [
            one
            if one.conversation_id is not None
            else one.model_copy(update={"conversation_id": places.get(one.message_id or "")})
            for one in statuses
        ]

    def _is_new(self, key: str, at: datetime) -> bool:
        known = self._told.get(key)
        self._told[key] = at
        return known != at

    async def _tell_news(self, news: News, listeners: tuple[Listener, ...]) -> None:
        known = {one.conversation.id: one for one in news.conversations}
        named = {one.line.conversation_id for one in news.lines}
        named |= {status.conversation_id for status in news.statuses if status.conversation_id}
        known |= {
            one.conversation.id: one for one in await self._desk.conversations.many(list(named - set(known)))
        }
        around = await surroundings(self._desk, news.conversations)
        about = {status.message_id or "" for status in news.statuses}
        about |= {one.line.id for one in news.lines}
        parts = await self._desk.messages.statuses_of(list(about))
        names = await note_names(self._desk, news.lines)
        for listener in listeners:
            for kept in news.conversations:
                self._tell_conversation(listener, kept, around)
            for line in news.lines:
                if self._sees(listener, known.get(line.line.conversation_id)):
                    shown = message_view(line, parts.get(line.line.id, []), names)
                    listener.push(_message(line, shown.model_dump(mode="json")))
            for status in news.statuses:
                if self._sees(listener, known.get(status.conversation_id or "")):
                    listener.push(_status(status, parts.get(status.message_id or "", [])))

    def _tell_conversation(self, listener: Listener, kept: Kept, around: Surroundings) -> None:
        if self._sees(listener, kept):
            view = conversation_view(self._desk, listener.viewer, kept, around)
            listener.push({"type": "conversation", "conversation": view.model_dump(mode="json")})
        elif any(walls.sees(listener.viewer, self._desk.institution, place) for place in kept.been):
            listener.push({"type": "gone", "conversation_id": kept.conversation.id})

    def _sees(self, listener: Listener, kept: Kept | None) -> bool:
        return kept is not None and walls.sees(listener.viewer, self._desk.institution, kept.place)

    async def _tell_queues(self, listeners: tuple[Listener, ...]) -> None:
        """When something about them changed, but not more often than people can read."""
        now = asyncio.get_running_loop().time()
        pause = _QUEUES_EVERY_SECONDS if self._queues_stale else _HOURS_EVERY_SECONDS
        if now - self._queues_at < pause:
            return
        self._queues_at = now
        self._queues_stale = False
        institution = self._desk.institution
        found = {view.id: view for view in await queue_views(self._desk, list(institution.queues))}
        changed = {key for key, view in found.items() if _figures(view) != _figures(self._queues.get(key))}
        self._queues = found
        for listener in listeners:
            mine = walls.queues(listener.viewer, institution)
            if changed & set(mine):
                items = [found[key].model_dump(mode="json") for key in mine]
                listener.push({"type": "queues", "queues": items})


def _figures(view: QueueView | None) -> tuple[int, bool] | None:
    """What makes a push worth it; a wait grows by itself, and the page counts on."""
    return None if view is None else (view.waiting, view.open)


def _message(line: KeptLine, shown: Push) -> Push:
    return {"type": "message", "conversation_id": line.line.conversation_id, "message": shown}


def _status(status: MessageStatus, parts: list[MessageStatus]) -> Push:
    return {
        "type": "status",
        "conversation_id": status.conversation_id,
        "message_id": status.message_id,
        "status": overall(parts),
        "parts": [part_view(part).model_dump(mode="json") for part in parts],
    }
