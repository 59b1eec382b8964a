"""What was said in each visitor's conversation, in order, until his browser has it, and after.

`ingest_webchat_messages` holds a document for each message of either side; `ingest_webchat_visitors` how far
a visitor has come. A message's `seq` is allocated by its own insertion: the unique index on (contact, seq)
lets exactly one message have each number, and a number is tried only when the one before it is there. So a
reader that has seen n and finds n + 2 has n + 1 as well: "everything after n" is complete at any moment, on
every replica, without a lock and without a counter that a crash could leave ahead.

A visitor's own message is kept before Kafka has it, so that it stands before its answer. His browser repeats
it until it is accepted, with the same id and therefore the same place and time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from ingest.channels.webchat.protocol import Speaker
from ventanilla.contracts.event import Timestamp
from ventanilla.store import ASCENDING, Collection, Document, DuplicateKeyError, Store

MESSAGES = "ingest_webchat_messages"
VISITORS = "ingest_webchat_visitors"

_CONTACTS_IN_ONE_QUERY = 1_000


class Message(BaseModel, frozen=True):
    """One message of a conversation. `id` is the event's id; `at` is UTC, to the millisecond."""

    id: str
    contact_id: str
    at: Timestamp
    author: Speaker
    content: dict[str, Any]
    correlation_id: str
    conversation_id: str | None = None
    """Of what we say; None for the visitor's own."""
    client_id: str | None = None
    """Of the visitor's own: the id that his browser gave it."""

    @property
    def ours(self) -> bool:
        return self.author.kind != "visitor"


@dataclass(frozen=True)
class Kept:
    """A message in its place."""

    seq: int
    message: Message


@dataclass(frozen=True)
class Progress:
    """The last seq that exists, that reached the visitor's browser, and that he has seen. 0 = none."""

    last: int = 0
    delivered: int = 0
    read: int = 0


def to_milliseconds(moment: datetime) -> datetime:
    """The precision that a document keeps, so that a message's time is the same before and after."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class Outbox:
    """Every method raises `StoreError` when the store does not answer; what it did until then may stand."""

    def __init__(self, store: Store) -> None:
        self._messages: Collection = store.collection(MESSAGES)
        self._visitors: Collection = store.collection(VISITORS)

    async def prepare(self) -> None:
        """Makes the index that allocates. To be called before anything else."""
        await self._messages.create_index([("contact_id", ASCENDING), ("seq", ASCENDING)], unique=True)

    async def append(self, message: Message) -> Kept:
        """Durable when it returns. The same id again changes nothing and returns what was kept first."""
        progress = await self.progress(message.contact_id)
        kept = await self._insert(message, progress.last + 1)
        if kept.seq > progress.last:
            await self._advance(message.contact_id, last_seq=kept.seq)
        return kept

    async def _insert(self, message: Message, seq: int) -> Kept:
        while True:
            try:
                await self._messages.insert_one(_document(message, seq))
                return Kept(seq, message)
            except DuplicateKeyError:
                found = await self._messages.find_one({"_id": message.id})
                if found is not None:
                    return _kept(found)
                seq += 1  # another message took this number; it is there, so the next one may be tried

    async def after(self, contact_id: str, seq: int, limit: int = 50) -> list[Kept]:
        """The next messages of a conversation in order, `limit` at most."""
        wanted = {"contact_id": contact_id, "seq": {"$gt": seq}}
        return [
            _kept(found) async for found in self._messages.find(wanted).sort("seq", ASCENDING).limit(limit)
        ]

    async def ours_between(self, contact_id: str, after: int, until: int) -> list[Kept]:
        """What we said with `after` < seq <= `until`, in order."""
        wanted = {"contact_id": contact_id, "ours": True, "seq": {"$gt": after, "$lte": until}}
        return [_kept(found) async for found in self._messages.find(wanted).sort("seq", ASCENDING)]

    async def progress(self, contact_id: str) -> Progress:
        found = await self._visitors.find_one({"_id": contact_id})
        return _progress(found) if found is not None else Progress()

    async def heads(self, contact_ids: Iterable[str]) -> dict[str, int]:
        """The last seq of each conversation that has one."""
        ids = list(contact_ids)
        heads: dict[str, int] = {}
        for start in range(0, len(ids), _CONTACTS_IN_ONE_QUERY):
            wanted = {"_id": {"$in": ids[start : start + _CONTACTS_IN_ONE_QUERY]}}
            async for found in self._visitors.find(wanted):
                heads[found["_id"]] = _progress(found).last
        return heads

    async def delivered(self, contact_id: str, seq: int) -> None:
        """His browser has everything up to `seq`. Never goes back."""
        await self._advance(contact_id, delivered_seq=seq)

    async def read(self, contact_id: str, seq: int) -> None:
        """He has seen everything up to `seq`. Never goes back."""
        await self._advance(contact_id, read_seq=seq)

    async def _advance(self, contact_id: str, **marks: int) -> None:
        try:
            await self._visitors.update_one({"_id": contact_id}, {"$max": marks}, upsert=True)
        except DuplicateKeyError:  # two first upserts met; the document is there now
            await self._visitors.update_one({"_id": contact_id}, {"$max": marks})


def _document(message: Message, seq: int) -> Document:
    return {
        "_id": message.id,
        "contact_id": message.contact_id,
        "seq": seq,
        "ours": message.ours,
        "at": message.at,
        "body": message.model_dump_json(),
    }


def _kept(found: Document) -> Kept:
    return Kept(int(found["seq"]), Message.model_validate_json(found["body"]))


def _progress(found: Document) -> Progress:
    return Progress(
        int(found.get("last_seq", 0)), int(found.get("delivered_seq", 0)), int(found.get("read_seq", 0))
    )
