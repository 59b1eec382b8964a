"""What is asked of all meters at once, beside what the stream reads and writes by contact."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ventanilla.contracts.channel import Channel
from ventanilla.moments import read, written
from ventanilla.store import ASCENDING, Store

COLLECTION = "billing_meters"


@dataclass(frozen=True, slots=True)
class Due:
    """A meter that holds statuses whose time has come."""

    contact_id: str
    channel: Channel
    account: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Totals:
    """What became of the statuses of one account, over all its meters."""

    channel: Channel
    account: str
    received: int
    outcomes: dict[str, int]
    """By `<outcome>` or `<outcome>:<reason>`, those that occur."""


class Meters:
    """`billing_meters`, `billing_accounting`. Every method may raise `StoreError`."""

    def __init__(self, store: Store) -> None:
        self._meters = store.collection(COLLECTION)
        self._accounting = store.collection("billing_accounting")

    async def prepare(self) -> None:
        """Indexes; safe to repeat."""
        await self._meters.create_index([("due_at", ASCENDING)])
        await self._meters.create_index([("channel", ASCENDING), ("account", ASCENDING)])

    async def due(self, now: datetime, limit: int) -> AsyncIterator[Due]:
        """At most `limit` meters that are due, the oldest first."""
        found = self._meters.find(
            {"due_at": {"$lte": written(now)}}, {"channel": 1, "account": 1, "due_at": 1}
        )
        async for one in found.sort("due_at", ASCENDING).limit(limit):
            yield Due(one["_id"], Channel(one["channel"]), one["account"], read(one["due_at"]))

    async def totals(self, channels: Sequence[Channel], outcomes: Sequence[str]) -> list[Totals]:
        """By account; `outcomes` are those that there can be. Reads every meter once, in the store."""
        sums = {field(outcome): {"$sum": f"$tally.{field(outcome)}"} for outcome in outcomes}
        totals: list[Totals] = []
        for channel in channels:
            found = await self._meters.aggregate(
                [
                    {"$match": {"channel": channel.value}},
                    {"$group": {"_id": "$account", "received": {"$sum": "$received"}, **sums}},
                ]
            )
            async for one in found:
                # An engine may sum a field that no document has to null.
                counts = {outcome: int(one[field(outcome)] or 0) for outcome in outcomes}
                totals.append(
                    Totals(
                        channel, one["_id"], int(one["received"]),
                        {outcome: count for outcome, count in counts.items() if count},
                    )
                )  # fmt: skip
        return sorted(totals, key=lambda one: (one.channel, one.account))

    async def begin(self, records: int) -> None:
        """Remember how many records were gone before the meter began; the first time stands."""
        await self._accounting.update_one(
            {"_id": "begun_at"}, {"$setOnInsert": {"records": records}}, upsert=True
        )

    async def begun_at(self) -> int:
        """How many records were gone before the meter began."""
        found = await self._accounting.find_one({"_id": "begun_at"})
        return 0 if found is None else int(found["records"])


def field(outcome: str) -> str:
    """The name of an outcome in a document."""
    return outcome.replace(":", "_")
