"""Echoes, and the conversation that each was placed in: it may have come before its conversation did."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ventanilla.contracts.channel import EchoedMessage
from ventanilla.store import ASCENDING, Store, UpdateOne, guarded_upserts


@dataclass(frozen=True)
class KeptEcho:
    echo: EchoedMessage
    placed_in: str
    """Empty: its contact had no conversation yet."""


class Echoes:
    def __init__(self, store: Store) -> None:
        self._collection = store.collection("desk_echoes")

    async def prepare(self) -> None:
        """Indexes. Idempotent."""
        await self._collection.create_index([("contact_id", ASCENDING)])

    async def write(self, echoes: Iterable[EchoedMessage]) -> None:
        """Idempotent: what is there stays. Raises `StoreError`."""
        inserts = [
            UpdateOne(
                {"_id": echo.id},
                {
                    "$setOnInsert": {
                        "contact_id": echo.contact_id,
                        "placed_in": "",
                        "body": echo.model_dump_json(exclude_none=True),
                    }
                },
                upsert=True,
            )
            for echo in echoes
        ]
        await guarded_upserts(self._collection, inserts)

    async def of(self, contacts: Iterable[str]) -> list[KeptEcho]:
        """All echoes to these contacts."""
        cursor = self._collection.find({"contact_id": {"$in": list(contacts)}})
        return [
            KeptEcho(EchoedMessage.model_validate_json(document["body"]), document["placed_in"])
            async for document in cursor
        ]

    async def place(self, places: Mapping[str, str]) -> None:
        """By echo: its conversation, once its line stands there. Raises `StoreError`."""
        updates = [UpdateOne({"_id": one}, {"$set": {"placed_in": where}}) for one, where in places.items()]
        if updates:
            await self._collection.bulk_write(updates, ordered=False)
