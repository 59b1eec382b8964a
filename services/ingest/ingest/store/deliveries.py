"""`ingest_deliveries`: what became of each outbound message, part by part.

`_id` is the message's id; `body` the delivery as JSON, by our own sends; for each part n, `rank_n` is the
highest rank that webhooks said of it (see `DeliveryStatus.rank`), and `error_n` the error of a failure that
they told, as JSON. Webhooks may be faster than our own note. Every method raises `StoreError` when the
store does not answer.
"""

from collections.abc import Sequence
from typing import Any

from ingest.deliveries.delivery import Delivery
from ventanilla.contracts.channel import DeliveryStatus, MessageStatus, StatusError
from ventanilla.moments import written
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
            "created_at": written(delivery.created_at),
        }
        await self._collection.update_one({"_id": delivery.message_id}, {"$set": fields}, upsert=True)

    async def latest(self, message_id: str) -> Delivery | None:
        """With what webhooks said of its parts since: each part has its highest status."""
        document = await self._collection.find_one({"_id": message_id})
        if document is None or "body" not in document:
            return None
        delivery = Delivery.model_validate_json(document["body"])
        parts = [
            part.advanced(document.get(f"rank_{place}", 0), _error(document.get(f"error_{place}")))
            for place, part in enumerate(delivery.parts)
        ]
        return delivery.model_copy(update={"parts": parts})

    async def advance(self, statuses: Sequence[MessageStatus]) -> None:
        """Take on what webhooks say, in any order, any number of times: a status never goes backwards."""
        writes = [_advance(status.message_id, status) for status in statuses if status.message_id is not None]
        if writes:
            await guarded_upserts(self._collection, writes)


def _advance(message_id: str, status: MessageStatus) -> UpdateOne:
    change: dict[str, Any] = {"$max": {f"rank_{status.part}": status.status.rank}}
    if status.status is DeliveryStatus.FAILED and status.error is not None:
        change["$set"] = {f"error_{status.part}": status.error.model_dump_json()}
    return UpdateOne({"_id": message_id}, change, upsert=True)


def _error(text: str | None) -> StatusError | None:
    return None if text is None else StatusError.model_validate_json(text)
