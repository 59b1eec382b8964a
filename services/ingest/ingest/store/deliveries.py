"""`ingest_deliveries`: what became of each outbound message, part by part.

`_id` is the message's id; `body` the delivery as JSON, by our own sends; `ranks`, by part, the highest rank
that webhooks said of it (see `DeliveryStatus.rank`); `errors`, by part, the error of a failure that they
told. Webhooks may be faster than our own note. Every method raises `StoreError` when the store does not
answer.
"""

from collections.abc import Sequence
from typing import Any

from ingest.deliveries.delivery import Delivery
from ventanilla.contracts.channel import DeliveryStatus, MessageStatus
from ventanilla.store import Collection, Store, UpdateOne, guarded_upserts

DELIVERIES = "ingest_deliveries"


class Deliveries:
    def __init__(self, store: Store) -> None:
        self._collection: Collection = store.collection(DELIVERIES)

    async def find(self, message_id: str) -> Delivery | None:
        """As far as we know by our own sends."""
        document = await self._collection.find_one({"_id": message_id})
        if document is None or "body" not in document:
            return None
        return Delivery.model_validate_json(document["body"])

    async def keep(self, delivery: Delivery) -> None:
        """Durable when it returns. A contact's messages go one at a time, so nobody else writes."""
        fields = {
            "body": delivery.model_dump_json(),
            "contact": delivery.contact_id,
            "created_at": delivery.created_at,
        }
        await self._collection.update_one({"_id": delivery.message_id}, {"$set": fields}, upsert=True)

    async def latest(self, message_id: str) -> Delivery | None:
        """With what webhooks said of its parts since: each part has its highest status."""
        document = await self._collection.find_one({"_id": message_id})
        if document is None or "body" not in document:
            return None
        delivery = Delivery.model_validate_json(document["body"])
        ranks, errors = document.get("ranks", {}), document.get("errors", {})
        parts = [
            part.advanced(ranks.get(str(place), 0), errors.get(str(place)))
            for place, part in enumerate(delivery.parts)
        ]
        return delivery.model_copy(update={"parts": parts})

    async def advance(self, statuses: Sequence[MessageStatus]) -> None:
        """Take on what webhooks say, in any order, any number of times: a status never goes backwards."""
        writes = [_advance(status.message_id, status) for status in statuses if status.message_id is not None]
        if writes:
            await guarded_upserts(self._collection, writes)


def _advance(message_id: str, status: MessageStatus) -> UpdateOne:
    change: dict[str, Any] = {"$max": {f"ranks.{status.part}": status.status.rank}}
    if status.status is DeliveryStatus.FAILED and status.error is not None:
        change["$set"] = {f"errors.{status.part}": status.error.model_dump()}
    return UpdateOne({"_id": message_id}, change, upsert=True)
