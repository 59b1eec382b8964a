"""Conversations as they are now, by the router's word."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from agent_gateway.domain import walls
from agent_gateway.domain.projection import Line
from ventanilla.contracts.conversation import Conversation, ConversationState
from ventanilla.moments import read, written
from ventanilla.store import ASCENDING, DESCENDING, Document, Store, UpdateOne, guarded_upserts

_NEVER = written(datetime(1970, 1, 1, tzinfo=UTC))
_NO_REVISION = -1
"""Of a document that somebody's words made before the first snapshot came: not shown yet."""

Order = Literal["first_in_line", "latest"]


@dataclass(frozen=True)
class Kept:
    """A conversation and what the desk knows beside the router's snapshot."""

    conversation: Conversation
    place: str
    been: frozenset[str]
    """Every place where it was: who saw it there may learn that it left."""
    last: Line | None
    last_at: datetime
    read_at: datetime
    """Whoever has the conversation has seen what was stored until then."""
    event_at: datetime
    """When the last thing happened in it, by its account's clock ..."""
    event_seen_at: datetime
    """... and by ours, when we stored it."""
    touched_at: datetime


@dataclass(frozen=True)
class Page:
    items: list[Kept]
    next: str | None
    """Give it as `after` for what follows; None: that was all."""


class Conversations:
    def __init__(self, store: Store) -> None:
        self._collection = store.collection("desk_conversations")

    async def prepare(self) -> None:
        """Indexes. Idempotent."""
        await self._collection.create_index([("state", ASCENDING), ("queued_at", ASCENDING)])
        await self._collection.create_index([("agent_id", ASCENDING), ("state", ASCENDING)])
        await self._collection.create_index([("last_at", DESCENDING)])
        await self._collection.create_index([("touched_at", ASCENDING)])
        await self._collection.create_index([("contact_id", ASCENDING)])

    async def write(
        self,
        snapshots: Mapping[str, tuple[Conversation, datetime]],
        latest: Mapping[str, Line],
        now: datetime,
    ) -> None:
        """Idempotent; what is older than what is there changes nothing. Raises `StoreError`."""
        await guarded_upserts(self._collection, [_snapshot(one, at, now) for one, at in snapshots.values()])
        # Apart: in one bulk an engine might run two upserts of one document side by side.
        await guarded_upserts(self._collection, [_words(line, now) for line in latest.values()])

    async def get(self, conversation_id: str) -> Kept | None:
        found = await self._collection.find_one({"_id": conversation_id, "revision": {"$gt": _NO_REVISION}})
        return None if found is None else _kept(found)

    async def many(self, ids: Sequence[str]) -> list[Kept]:
        query = {"_id": {"$in": list(ids)}, "revision": {"$gt": _NO_REVISION}}
        return [_kept(found) async for found in self._collection.find(query)]

    async def of_contacts(self, contacts: Iterable[str]) -> list[Conversation]:
        """Everything that these contacts ever had."""
        query = {"contact_id": {"$in": list(contacts)}, "revision": {"$gt": _NO_REVISION}}
        return [_kept(found).conversation async for found in self._collection.find(query)]

    async def unsay(self, line: Line, before: Line | None, now: datetime) -> None:
        """This line left the conversation that it was in: if it was the last word there, `before` is now."""
        told: Document = {"last": "", "lateness": "", "last_at": _NEVER}
        if before is not None:
            told = {
                "last": before.model_dump_json(),
                "lateness": before.lateness,
                "last_at": written(before.at),
            }
        await self._collection.update_one(
            {"_id": line.conversation_id, "lateness": line.lateness},
            {"$set": {**told, "touched_at": written(now)}},
        )

    async def page(
        self, query: Mapping[str, Any], order: Order, limit: int, after: str | None = None
    ) -> Page:
        """Raises `ValueError` when `after` is none of ours."""
        name, direction = ("queued_at", ASCENDING) if order == "first_in_line" else ("last_at", DESCENDING)
        narrowed: Document = {"$and": [{"revision": {"$gt": _NO_REVISION}}, dict(query)]}
        if after is not None:
            moment, _, last_id = after.partition("~")
            at = written(read(int(moment)))
            beyond = "$gt" if direction == ASCENDING else "$lt"
            narrowed["$and"].append({"$or": [{name: {beyond: at}}, {name: at, "_id": {"$gt": last_id}}]})
        cursor = self._collection.find(narrowed).sort([(name, direction), ("_id", ASCENDING)])
        found = [document async for document in cursor.limit(limit + 1)]
        follows = None
        if len(found) > limit:
            last = found[limit - 1]
            follows = f"{last[name]}~{last['_id']}"
        return Page([_kept(document) for document in found[:limit]], follows)

    async def count(self, query: Mapping[str, Any]) -> int:
        return await self._collection.count_documents(dict(query))

    async def mark_read(self, conversation_id: str, until: datetime, now: datetime) -> None:
        """Everything stored until then is seen. Never goes backwards."""
        await self._collection.update_one(
            {"_id": conversation_id},
            {"$max": {"read_at": written(until)}, "$set": {"touched_at": written(now)}},
        )

    async def touched(self, since: datetime, limit: int) -> list[Kept]:
        """What changed since then, oldest first."""
        query = {"touched_at": {"$gte": written(since)}, "revision": {"$gt": _NO_REVISION}}
        cursor = self._collection.find(query).sort([("touched_at", ASCENDING)]).limit(limit)
        return [_kept(document) async for document in cursor]


def waiting(places: list[str] | None, queue: str | None = None) -> Document:
    return _within(places, {"state": ConversationState.WAITING.value}, queue)


def with_agent(agent_id: str) -> Document:
    return {"agent_id": agent_id, "state": ConversationState.WITH_AGENT.value}


def everything(places: list[str] | None, queue: str | None = None) -> Document:
    return _within(places, {}, queue)


def _within(places: list[str] | None, query: Document, queue: str | None) -> Document:
    if places is not None:
        query["place"] = {"$in": places}
    if queue is not None:
        query["queue"] = queue
    return query


def _snapshot(conversation: Conversation, at: datetime, now: datetime) -> UpdateOne:
    where = walls.place(conversation.queue, conversation.area)
    return UpdateOne(
        {"_id": conversation.id, "revision": {"$lt": conversation.revision}},
        {
            "$set": {
                "revision": conversation.revision,
                "place": where,
                "state": conversation.state.value,
                "queue": conversation.queue,
                "contact_id": conversation.contact_id,
                "agent_id": conversation.agent_id,
                "queued_at": written(conversation.queued_at) if conversation.queued_at else None,
                "body": conversation.model_dump_json(),
                "event_at": written(at),
                "event_seen_at": written(now),
                "touched_at": written(now),
            },
            "$addToSet": {"been": where},
            "$setOnInsert": {"last": "", "lateness": "", "last_at": _NEVER, "read_at": _NEVER},
        },
        upsert=True,
    )


def _words(line: Line, now: datetime) -> UpdateOne:
    return UpdateOne(
        {"_id": line.conversation_id, "lateness": {"$lt": line.lateness}},
        {
            "$set": {
                "last": line.model_dump_json(),
                "lateness": line.lateness,
                "last_at": written(line.at),
                "event_at": written(line.at),
                "event_seen_at": written(now),
                "touched_at": written(now),
            },
            "$setOnInsert": {"revision": _NO_REVISION, "place": "", "been": [], "read_at": _NEVER},
        },
        upsert=True,
    )


def _kept(document: Document) -> Kept:
    return Kept(
        conversation=Conversation.model_validate_json(document["body"]),
        place=document["place"],
        been=frozenset(document["been"]),
        last=Line.model_validate_json(document["last"]) if document["last"] else None,
        last_at=read(document["last_at"]),
        read_at=read(document["read_at"]),
        event_at=read(document["event_at"]),
        event_seen_at=read(document["event_seen_at"]),
        touched_at=read(document["touched_at"]),
    )
