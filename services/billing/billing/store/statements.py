"""The statements of closed months, as they were frozen."""

from collections.abc import AsyncIterator
from datetime import datetime

from ventanilla.contracts.billing import StatementClosed
from ventanilla.moments import written
from ventanilla.store import DESCENDING, Store


class Statements:
    """`billing_statements`: one document a month, never changed but for whether it was published.

    Every method may raise `StoreError`.
    """

    def __init__(self, store: Store) -> None:
        self._statements = store.collection("billing_statements")

    async def freeze(self, statement: StatementClosed, now: datetime) -> None:
        """Keep it, unless its month has one already: then that stands."""
        document = {
            "month": statement.month, "body": statement.model_dump_json(), "frozen_at": written(now),
            "published": False,
        }  # fmt: skip
        await self._statements.update_one({"_id": statement.month}, {"$setOnInsert": document}, upsert=True)

    async def of(self, month: str) -> StatementClosed | None:
        """What is billed for `month`; None while it is open."""
        found = await self._statements.find_one({"_id": month})
        return None if found is None else StatementClosed.model_validate_json(found["body"])

    async def last(self) -> str | None:
        """The latest month that was closed."""
        async for one in self._statements.find({}, {"month": 1}).sort("month", DESCENDING).limit(1):
            month: str = one["month"]
            return month
        return None

    async def unpublished(self) -> AsyncIterator[StatementClosed]:
        """Those that may not stand on the topic yet."""
        async for one in self._statements.find({"published": False}):
            yield StatementClosed.model_validate_json(one["body"])

    async def published(self, month: str) -> None:
        """It stands on the topic."""
        await self._statements.update_one({"_id": month}, {"$set": {"published": True}})
