"""What the router asks its collection for, beside what the stream reads and writes by key."""

from collections.abc import AsyncIterator
from datetime import datetime

from router.domain.state import RouterState
from ventanilla.store import ASCENDING, Store

COLLECTION = "router_conversations"


class Deadlines:
    """Conversations by the time at which something is due. Only live accounts are in the index."""

    def __init__(self, store: Store) -> None:
        self._collection = store.collection(COLLECTION)

    async def prepare(self) -> None:
        """Make the index that `passed` needs. Raises `StoreError`."""
        await self._collection.create_index([("due_at", ASCENDING)], name="due_at")

    async def passed(self, now: datetime, limit: int) -> AsyncIterator[tuple[str, RouterState]]:
        """At most `limit` contacts whose deadline is over, the oldest first. Raises `StoreError`."""
        found = self._collection.find({"due_at": {"$lte": now}}, {"state": 1})
        async for document in found.sort("due_at", ASCENDING).limit(limit):
            yield document["_id"], RouterState.model_validate_json(document["state"])
