"""Transcripts, and what became of each part of each message."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent_gateway.domain.projection import Line
from ventanilla.contracts.channel import MessageStatus
from ventanilla.moments import read, written
from ventanilla.store import ASCENDING, DESCENDING, Document, Store, UpdateOne, guarded_upserts


@dataclass(frozen=True)
class KeptLine:
    """A line, with its place in the transcript and when we stored it."""

    line: Line
    sort: str
    stored_at: datetime


@dataclass(frozen=True)
class KeptStatus:
    status: MessageStatus
    stored_at: datetime


class Messages:
    """A line never changes, except that an echo's may move. A status is a document of its own, so it may come
    before its message."""

    def __init__(self, store: Store) -> None:
        self._lines = store.collection("desk_messages")
        self._statuses = store.collection("desk_statuses")

    async def prepare(self) -> None:
        """Indexes. Idempotent."""
        await self._lines.create_index([("conversation_id", ASCENDING), ("sort", ASCENDING)])
        await self._lines.create_index([("stored_at", ASCENDING)])
        await self._statuses.create_index([("message_id", ASCENDING)])
        await self._statuses.create_index([("stored_at", ASCENDING)])

    async def write(self, lines: Iterable[Line], statuses: Iterable[MessageStatus], now: datetime) -> None:
        """Idempotent: what is there stays, and a status never goes backwards. Raises `StoreError`."""
        inserts = [
            UpdateOne({"_id": line.id}, {"$setOnInsert": _document(line, now, position)}, upsert=True)
            for position, line in enumerate(lines)
        ]
        await guarded_upserts(self._lines, inserts)
        await guarded_upserts(self._statuses, [_status(status, now) for status in statuses])

    async def move(self, lines: Iterable[Line], now: datetime) -> None:
        """Put lines where they now belong, whether they stood elsewhere or nowhere. Raises `StoreError`."""
        updates = [
            UpdateOne({"_id": line.id}, {"$set": _document(line, now, position)}, upsert=True)
            for position, line in enumerate(lines)
        ]
        await guarded_upserts(self._lines, updates)

    async def last_said(self, conversation_id: str) -> Line | None:
        """The last thing that citizen, bot, agent or telephone said."""
        query = {"conversation_id": conversation_id, "direction": {"$in": ["in", "out"]}}
        async for document in self._lines.find(query).sort([("sort", DESCENDING)]):
            line = _kept(document).line
            if line.author != "system":
                return line
        return None

    async def places_of(self, ids: Sequence[str]) -> dict[str, str]:
        """By line, the conversation that it stands in."""
        if not ids:
            return {}
        cursor = self._lines.find({"_id": {"$in": list(ids)}}, {"conversation_id": 1})
        return {document["_id"]: document["conversation_id"] async for document in cursor}

    async def page(self, conversation_id: str, limit: int, before: str | None = None) -> list[KeptLine]:
        """The last `limit` lines (before one's `sort`), oldest first."""
        query: Document = {"conversation_id": conversation_id}
        if before is not None:
            query["sort"] = {"$lt": before}
        cursor = self._lines.find(query).sort([("sort", DESCENDING)]).limit(limit)
        return [_kept(document) async for document in cursor][::-1]

    async def statuses_of(self, message_ids: Sequence[str]) -> dict[str, list[MessageStatus]]:
        """By message, by part."""
        found: dict[str, list[MessageStatus]] = {}
        if not message_ids:
            return found
        async for document in self._statuses.find({"message_id": {"$in": list(message_ids)}}):
            status = MessageStatus.model_validate_json(document["body"])
            found.setdefault(document["message_id"], []).append(status)
        return {key: sorted(parts, key=lambda status: status.part) for key, parts in found.items()}

    async def unread(self, read_at: Mapping[str, datetime]) -> dict[str, int]:
        """By conversation: how many of the citizen's messages were stored after it was last read."""
        counts = dict.fromkeys(read_at, 0)
        if not read_at:
            return counts
        query = {
            "conversation_id": {"$in": list(read_at)},
            "direction": "in",
            "stored_at": {"$gt": written(min(read_at.values()))},
        }
        async for document in self._lines.find(query, {"conversation_id": 1, "stored_at": 1}):
            if read(document["stored_at"]) > read_at[document["conversation_id"]]:
                counts[document["conversation_id"]] += 1
        return counts

    async def lines_since(self, since: datetime, limit: int) -> list[KeptLine]:
        """What was stored since then, oldest first."""
        cursor = self._lines.find({"stored_at": {"$gte": written(since)}}).sort([("stored_at", ASCENDING)])
        return [_kept(document) async for document in cursor.limit(limit)]

    async def statuses_since(self, since: datetime, limit: int) -> list[KeptStatus]:
        """What was stored since then, oldest first."""
        cursor = self._statuses.find({"stored_at": {"$gte": written(since)}}).sort([("stored_at", ASCENDING)])
        return [
            KeptStatus(MessageStatus.model_validate_json(document["body"]), read(document["stored_at"]))
            async for document in cursor.limit(limit)
        ]


def _document(line: Line, now: datetime, position: int) -> Document:
    return {
        "conversation_id": line.conversation_id,
        "direction": line.direction,
        "sort": line.sort_key(now, position),
        "stored_at": written(now),
        "body": line.model_dump_json(),
    }


def _status(status: MessageStatus, now: datetime) -> UpdateOne:
    return UpdateOne(
        {"_id": f"{status.message_id}:{status.part}", "rank": {"$lt": status.status.rank}},
        {
            "$set": {
                "message_id": status.message_id,
                "rank": status.status.rank,
                "stored_at": written(now),
                "body": status.model_dump_json(exclude_none=True),
            }
        },
        upsert=True,
    )


def _kept(document: Document) -> KeptLine:
    return KeptLine(Line.model_validate_json(document["body"]), document["sort"], read(document["stored_at"]))
