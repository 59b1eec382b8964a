"""Who is logged in, and how often somebody tried."""

import secrets
from datetime import datetime
from hashlib import sha256

from agent_gateway.domain import sessions
from agent_gateway.domain.throttle import Bucket
from ventanilla.moments import read, written
from ventanilla.store import ASCENDING, DuplicateKeyError, ReturnDocument, Store


class Sessions:
    """A session's token is known to the browser alone; here is its hash."""

    def __init__(self, store: Store) -> None:
        self._collection = store.collection("desk_sessions")

    async def prepare(self) -> None:
        """Indexes. Idempotent."""
        await self._collection.create_index([("username", ASCENDING)])

    async def open(self, username: str, now: datetime) -> str:
        """A new session; returns its token, 256 bits from the system's generator."""
        token = secrets.token_urlsafe(32)
        await self._collection.insert_one(
            {
                "_id": _hash(token),
                "username": username,
                "created_at": written(now),
                "last_deed_at": written(now),
            }
        )
        return token

    async def username(self, token: str, now: datetime, *, deed: bool) -> str | None:
        """Whose session it is; None when it has ended. `deed`: the person did something just now."""
        found = await self._collection.find_one({"_id": _hash(token)})
        if found is None:
            return None
        last_deed_at = read(found["last_deed_at"])
        if not sessions.alive(read(found["created_at"]), last_deed_at, now):
            return None
        if deed and now - last_deed_at >= sessions.TOUCH_EVERY:
            await self._collection.update_one({"_id": found["_id"]}, {"$max": {"last_deed_at": written(now)}})
        username: str = found["username"]
        return username

    async def end(self, token: str) -> None:
        await self._collection.delete_one({"_id": _hash(token)})

    async def end_all(self, username: str) -> None:
        """Everywhere where the account is logged in."""
        await self._collection.delete_many({"username": username})

    async def purge(self, now: datetime) -> None:
        """Remove what has ended."""
        await self._collection.delete_many({"created_at": {"$lt": written(now - sessions.ABSOLUTE)}})
        await self._collection.delete_many({"last_deed_at": {"$lt": written(now - sessions.IDLE)}})


class Attempts:
    """Counters of tried passwords (see `domain.throttle`)."""

    def __init__(self, store: Store) -> None:
        self._collection = store.collection("desk_attempts")

    async def count(self, bucket: Bucket) -> int:
        """Count one more; returns how many there are in the bucket's window."""
        while True:
            try:
                # As it was before: mongo-java-server shows, as what is there after, what others did since.
                before = await self._collection.find_one_and_update(
                    {"_id": bucket.id},
                    {"$inc": {"count": 1}, "$set": {"ends_at": written(bucket.ends_at)}},
                    upsert=True,
                    return_document=ReturnDocument.BEFORE,
                )
                return 1 if before is None else int(before["count"]) + 1
            except DuplicateKeyError:
                continue  # the very first attempt came twice at once: it exists now

    async def give_back(self, bucket: Bucket) -> None:
        """An attempt was no guess: it succeeded."""
        await self._collection.update_one({"_id": bucket.id}, {"$inc": {"count": -1}})

    async def forget(self, bucket: Bucket) -> None:
        await self._collection.delete_one({"_id": bucket.id})

    async def purge(self, now: datetime) -> None:
        await self._collection.delete_many({"ends_at": {"$lt": written(now)}})


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
