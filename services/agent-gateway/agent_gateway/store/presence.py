"""Who is at the desk."""

from datetime import datetime

from agent_gateway.domain.presence import Presence, effective, on_arrival
from ventanilla.moments import read, written
from ventanilla.store import Store


class Presences:
    def __init__(self, store: Store) -> None:
        self._collection = store.collection("desk_presence")

    async def choose(self, agent_id: str, state: Presence, now: datetime) -> None:
        await self._collection.update_one(
            {"_id": agent_id}, {"$set": {"state": state.value, "heartbeat_at": written(now)}}, upsert=True
        )

    async def arrive(self, agent_id: str, now: datetime) -> Presence:
        """Somebody opened the desk; returns his state from now on."""
        found = await self._collection.find_one({"_id": agent_id})
        state = on_arrival(Presence(found["state"]) if found else None)
        await self.choose(agent_id, state, now)
        return state

    async def beat(self, agent_id: str, now: datetime) -> None:
        """Still there."""
        await self._collection.update_one({"_id": agent_id}, {"$max": {"heartbeat_at": written(now)}})

    async def leave(self, agent_id: str) -> None:
        """Logged out: offline at once."""
        await self._collection.update_one({"_id": agent_id}, {"$set": {"state": Presence.OFFLINE.value}})

    async def get(self, agent_id: str, now: datetime) -> Presence:
        found = await self._collection.find_one({"_id": agent_id})
        if found is None:
            return Presence.OFFLINE
        return effective(Presence(found["state"]), read(found["heartbeat_at"]), now)

    async def all(self, now: datetime) -> dict[str, Presence]:
        """Everybody who was ever here, as seen now."""
        return {
            found["_id"]: effective(Presence(found["state"]), read(found["heartbeat_at"]), now)
            async for found in self._collection.find({})
        }
