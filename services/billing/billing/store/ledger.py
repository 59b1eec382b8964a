"""The append-only read model: every change of every session, and every note, one document for each event."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ventanilla.contracts.billing import MeterNoted, Note, SessionChanged, StatementAdjustment
from ventanilla.contracts.channel import Channel
from ventanilla.moments import written
from ventanilla.store import ASCENDING, Collection, Document, Store, UpdateOne

Place = tuple[int, str]
"""Where a page ends: the time that its order goes by, in microseconds, and the document's id."""


class Ledger:
    """`billing_ledger` and `billing_notes`, where nothing is ever changed. Methods may raise `StoreError`."""

    def __init__(self, store: Store) -> None:
        self._changes = store.collection("billing_ledger")
        self._notes = store.collection("billing_notes")

    async def prepare(self) -> None:
        """Indexes; safe to repeat. Without `_id`, which not every engine takes into an index of several."""
        await self._changes.create_index([("contact_id", ASCENDING), ("opened_at", ASCENDING)])
        await self._notes.create_index([("contact_id", ASCENDING), ("at", ASCENDING)])
        await self._notes.create_index([("month", ASCENDING), ("at", ASCENDING)])
        await self._notes.create_index([("note", ASCENDING), ("came_at", ASCENDING)])

    async def append(self, changes: Sequence[SessionChanged]) -> None:
        """Idempotent: a change that comes again is the same document."""
        await _append(self._changes, {f"{one.session_id}:{one.revision:06}": _change(one) for one in changes})

    async def note(self, notes: Sequence[MeterNoted]) -> None:
        """Idempotent, as `append`."""
        await _append(self._notes, {one.id: _note(one) for one in notes})

    async def changes(self, contacts: Sequence[str], after: Place | None, limit: int) -> list[Document]:
        """By opening of their session, then in the order in which they were made."""
        query: dict[str, Any] = {"contact_id": {"$in": list(contacts)}}
        return await _page(self._changes, query, "opened_at", after, limit)

    async def notes(
        self,
        *,
        month: str | None = None,
        contacts: Sequence[str] | None = None,
        kind: Note | None = None,
        after: Place | None = None,
        limit: int,
    ) -> list[Document]:
        """By the time of the delivery that they are on."""
        query: dict[str, Any] = {}
        if month is not None:
            query["month"] = month
        if contacts is not None:
            query["contact_id"] = {"$in": list(contacts)}
        if kind is not None:
            query["note"] = kind.value
        return await _page(self._notes, query, "at", after, limit)

    async def adjustments(
        self,
        accounts: Sequence[str],
        *,
        month: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[StatementAdjustment]:
        """What the adjustments of these accounts add up to, by month, channel and account.

        Of those to one `month`, and of those that came in [since, until), as far as they are given.
        """
        query: dict[str, Any] = {"note": Note.ADJUSTMENT.value, "account": {"$in": list(accounts)}}
        came_at = {
            name: written(moment) for name, moment in (("$gte", since), ("$lt", until)) if moment is not None
        }
        if came_at:
            query["came_at"] = came_at
        if month is not None:
            query["month"] = month
        sums = {
            "_id": "$bill",
            "messages": {"$sum": 1},
            "least": {"$sum": "$sessions_at_least"},
            "most": {"$sum": "$sessions_at_most"},
        }
        found = [one async for one in await self._notes.aggregate([{"$match": query}, {"$group": sums}])]
        return [_adjustment(one) for one in sorted(found, key=lambda one: str(one["_id"]))]


async def _append(collection: Collection, documents: dict[str, Document]) -> None:
    if documents:
        await collection.bulk_write(
            [
                UpdateOne({"_id": key}, {"$setOnInsert": document}, upsert=True)
                for key, document in documents.items()
            ],
            ordered=False,
        )


async def _page(
    collection: Collection, query: dict[str, Any], order: str, after: Place | None, limit: int
) -> list[Document]:
    if after is not None:
        query["$or"] = [{order: {"$gt": after[0]}}, {order: after[0], "_id": {"$gt": after[1]}}]
    cursor = collection.find(query).sort([(order, ASCENDING)])
    return [document async for document in cursor.limit(limit)]


def _change(change: SessionChanged) -> Document:
    return {
        "event_id": change.id,
        "at": written(change.occurred_at),
        "contact_id": change.contact_id,
        "channel": change.channel.value,
        "account": change.account,
        "session_id": change.session_id,
        "revision": change.revision,
        "change": change.change.value,
        "opened_at": written(change.opened_at),
        "closes_at": written(change.closes_at),
        "month": change.month,
        "messages": change.messages,
        "ours": change.ours,
        "conversation_id": change.conversation_id,
        "cause_id": change.cause_id,
    }


def _note(note: MeterNoted) -> Document:
    return {
        "note": note.note.value,
        "reason": note.reason,
        "contact_id": note.contact_id,
        "channel": note.channel.value,
        "account": note.account,
        "message": note.message,
        "at": written(note.at),
        "stands_at": None if note.stands_at is None else written(note.stands_at),
        "month": note.month,
        "noted_in": note.noted_in,
        "came_at": written(note.came_at or note.occurred_at),
        "sessions_at_least": note.sessions_at_least,
        "sessions_at_most": note.sessions_at_most,
        "cause_id": note.cause_id,
        "bill": f"{note.month}|{note.channel.value}|{note.account}",
    }


def _adjustment(one: Document) -> StatementAdjustment:
    month, channel, account = one["_id"].split("|", 2)
    return StatementAdjustment(
        channel=Channel(channel), account=account, month=month, messages=int(one["messages"]),
        sessions_at_least=int(one["least"]), sessions_at_most=int(one["most"]),
    )  # fmt: skip
