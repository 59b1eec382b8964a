"""What agents asked for, and the router's word on it."""

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent_gateway.domain.projection import Outcome
from ventanilla.moments import read, written
from ventanilla.store import ASCENDING, DuplicateKeyError, Store, UpdateOne, guarded_upserts

KEPT = timedelta(days=9)
"""A repeated request within this time gets the first one's answer. The router knows an act for 8 days."""

UNDECIDED = timedelta(seconds=30)
"""So long a take without an answer counts as work that may still come."""


@dataclass(frozen=True)
class Act:
    id: str
    fingerprint: str
    """Of the request: the same key with another request is a mistake of the client."""
    done: bool | None
    """None: the router has not spoken yet."""
    reason: str | None
    requested_at: datetime


class Acts:
    def __init__(self, store: Store) -> None:
        self._collection = store.collection("desk_acts")

    async def prepare(self) -> None:
        """Indexes. Idempotent."""
        await self._collection.create_index([("agent_id", ASCENDING), ("kind", ASCENDING)])
        await self._collection.create_index([("at", ASCENDING)])

    async def request(
        self, act_id: str, *, agent_id: str, kind: str, fingerprint: str, note: str | None, now: datetime
    ) -> Act:
        """Write down what is about to be asked; returns what was there, when it was asked before."""
        with contextlib.suppress(DuplicateKeyError):  # the same request at the same moment: it is there now
            await self._collection.update_one(
                {"_id": act_id},
                {
                    "$setOnInsert": {
                        "agent_id": agent_id, "kind": kind, "fingerprint": fingerprint, "note": note,
                        "outcome": "", "reason": None, "at": written(now),
                    }
                },
                upsert=True,
            )  # fmt: skip
        found = await self.get(act_id)
        assert found is not None, "it was just written, and is kept for days"
        return found

    async def get(self, act_id: str) -> Act | None:
        found = await self._collection.find_one({"_id": act_id})
        if found is None:
            return None
        outcome = found.get("outcome", "")
        return Act(
            act_id, found.get("fingerprint", ""), None if not outcome else outcome == "done",
            found.get("reason"), read(found["at"]),
        )  # fmt: skip

    async def withdraw(self, act_id: str) -> None:
        """It was never asked after all."""
        await self._collection.delete_one({"_id": act_id, "outcome": ""})

    async def being_taken(self, agent_id: str, now: datetime, *, besides: str) -> int:
        """How many takes of the agent may still bring a conversation."""
        return await self._collection.count_documents(
            {
                "agent_id": agent_id, "kind": "take", "outcome": "",
                "at": {"$gt": written(now - UNDECIDED)}, "_id": {"$ne": besides},
            }
        )  # fmt: skip

    async def settle(self, outcomes: Iterable[Outcome], now: datetime) -> None:
        """The router spoke. Idempotent, also for acts that were asked from another copy of the store."""
        await guarded_upserts(
            self._collection,
            [
                UpdateOne(
                    {"_id": outcome.act_id},
                    {
                        "$set": {"outcome": "done" if outcome.done else "refused", "reason": outcome.reason},
                        "$setOnInsert": {"at": written(now)},
                    },
                    upsert=True,
                )
                for outcome in outcomes
            ],
        )

    async def notes(self, act_ids: Sequence[str]) -> dict[str, str]:
        """What agents wrote for their colleagues with these acts."""
        if not act_ids:
            return {}
        query = {"_id": {"$in": list(act_ids)}}
        return {
            found["_id"]: found["note"]
            async for found in self._collection.find(query, {"note": 1})
            if found.get("note")
        }

    async def purge(self, now: datetime) -> None:
        await self._collection.delete_many({"at": {"$lt": written(now - KEPT)}})
