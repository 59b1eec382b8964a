"""The read model: sessions as they were last published, and aliases of contacts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from billing.domain.attribution import Cell, Tally
from ventanilla.contracts.billing import SessionChange, SessionChanged
from ventanilla.contracts.conversation import ContactLinked
from ventanilla.moments import written
from ventanilla.store import ASCENDING, Document, Store, UpdateOne, guarded_upserts

_STANDING, _VOIDED = "standing", "voided"
_HOUR = "%Y-%m-%dT%H"


class Sessions:
    """`billing_sessions`, `billing_aliases`. Every method may raise `StoreError`."""

    def __init__(self, store: Store, zone: ZoneInfo) -> None:
        """`zone` says on which day and in which hour a session opened."""
        self._zone = zone
        self._sessions = store.collection("billing_sessions")
        self._aliases = store.collection("billing_aliases")

    async def prepare(self) -> None:
        """Indexes; safe to repeat."""
        await self._sessions.create_index([("month", ASCENDING), ("opened_at", ASCENDING)])
        await self._sessions.create_index([("contact_id", ASCENDING), ("opened_at", ASCENDING)])

    async def apply(self, changes: Sequence[SessionChanged]) -> None:
        """Idempotent: of two changes of one session the later revision stands."""
        latest: dict[str, SessionChanged] = {}
        conversations: dict[str, str] = {}
        for change in changes:
            known = latest.get(change.session_id)
            if known is None or known.revision < change.revision:
                latest[change.session_id] = change
                if change.conversation_id is not None:
                    conversations[change.session_id] = change.conversation_id
        await guarded_upserts(
            self._sessions,
            [
                UpdateOne(
                    {"_id": change.session_id, "revision": {"$lt": change.revision}},
                    {
                        "$set": _document(change, conversations.get(change.session_id)),
                        "$setOnInsert": {
                            "cell": self._cell(change),
                            "hour": f"{change.opened_at.astimezone(self._zone):{_HOUR}}",
                            "placed": -1,
                            "placed_by": None,
                        },
                    },
                    upsert=True,
                )
                for change in latest.values()
            ],
        )

    async def link(self, links: Sequence[ContactLinked]) -> None:
        """Idempotent: an alias stands for one contact."""
        if links:
            await self._aliases.bulk_write(
                [
                    UpdateOne(
                        {"_id": link.alias_id}, {"$set": {"contact_id": link.canonical_id}}, upsert=True
                    )
                    for link in links
                ],
                ordered=False,
            )

    async def contacts(self, ids: Sequence[str]) -> list[str]:
        """`ids` and the contacts that they are aliases of."""
        found = set(ids)
        async for alias in self._aliases.find({"_id": {"$in": list(ids)}}):
            found.add(alias["contact_id"])
        return sorted(found)

    async def page(
        self,
        *,
        month: str,
        contacts: Sequence[str] | None,
        accounts: Sequence[str] | None,
        after: tuple[int, str] | None,
        limit: int,
    ) -> list[Document]:
        """Standing sessions in order of opening, the first `limit` beyond `after` (opened_at, id).

        Times are in microseconds since 1970 (see `ventanilla.moments`).
        """
        query: dict[str, Any] = {"month": month, "state": _STANDING}
        if contacts is not None:
            query["contact_id"] = {"$in": list(contacts)}
        if accounts is not None:
            query["account"] = {"$in": list(accounts)}
        if after is not None:
            query["$or"] = [
                {"opened_at": {"$gt": after[0]}},
                {"opened_at": after[0], "_id": {"$gt": after[1]}},
            ]
        cursor = self._sessions.find(query).sort([("opened_at", ASCENDING), ("_id", ASCENDING)])
        return [document async for document in cursor.limit(limit)]

    async def count(self, month: str, accounts: Sequence[str]) -> int:
        """Standing sessions of these accounts that opened in `month`."""
        return sum((await self.counts(month, accounts)).values())

    async def counts(self, month: str, accounts: Sequence[str]) -> dict[str, int]:
        """The same by account; those without any are left out."""
        return await self._grouped("$account", month, accounts)

    async def by_hour(self, month: str, accounts: Sequence[str]) -> dict[datetime, int]:
        """The same by the hour in which they opened, in the institution's zone."""
        found = await self._grouped("$hour", month, accounts)
        return {
            datetime.strptime(hour, _HOUR).replace(tzinfo=self._zone): count for hour, count in found.items()
        }

    async def _grouped(self, field: str, month: str, accounts: Sequence[str]) -> dict[str, int]:
        # Summed by the engine: the embedded one counts documents ten times more slowly than it sums them.
        query = {"month": month, "state": _STANDING, "account": {"$in": list(accounts)}}
        found = await self._sessions.aggregate(
            [{"$match": query}, {"$group": {"_id": field, "count": {"$sum": 1}}}]
        )
        return {one["_id"]: int(one["count"]) async for one in found if one["_id"] is not None}

    async def usage(self, month: str, accounts: Sequence[str]) -> dict[Cell, Tally]:
        """Standing sessions of these accounts that opened in `month`, and their messages."""
        query = {"month": month, "state": _STANDING, "account": {"$in": list(accounts)}}
        sums = {"_id": "$cell", "sessions": {"$sum": 1}, "messages": {"$sum": "$messages"}}
        found = await self._sessions.aggregate([{"$match": query}, {"$group": sums}])
        return {
            Cell.read(one["_id"]): Tally(int(one["sessions"]), int(one["messages"])) async for one in found
        }

    async def first_month(self, accounts: Sequence[str]) -> str | None:
        """The month of the earliest standing session of these accounts; None: there is none."""
        query = {"state": _STANDING, "account": {"$in": list(accounts)}}
        async for one in self._sessions.find(query, {"month": 1}).sort([("month", ASCENDING)]).limit(1):
            return str(one["month"])
        return None

    def _cell(self, change: SessionChanged) -> str:
        """While nobody knows the area; `Places` gives it, when it is known."""
        return Cell.of(self._zone, change.opened_at, change.channel.value, change.account).written


def _document(change: SessionChanged, conversation_id: str | None) -> Document:
    known = {} if conversation_id is None else {"conversation_id": conversation_id}
    return known | {
        "revision": change.revision,
        "state": _VOIDED if change.change is SessionChange.VOIDED else _STANDING,
        "contact_id": change.contact_id,
        "channel": change.channel.value,
        "account": change.account,
        "opened_at": written(change.opened_at),
        "closes_at": written(change.closes_at),
        "month": change.month,
        "messages": change.messages,
    }
