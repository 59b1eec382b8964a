"""The read model of conversations, as far as billing needs it: in which area and queue each one is."""

from collections.abc import Collection as Several
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from billing.domain.attribution import Cell
from ventanilla.contracts.conversation import ConversationChanged
from ventanilla.moments import read
from ventanilla.store import ASCENDING, Document, Store, UpdateOne, guarded_upserts


class Places:
    """`billing_conversations`, and the area and queue of `billing_sessions`.

    A session and its conversation come on two topics, in any order. Whoever writes either of the two then
    joins them, so that the later one finds the earlier. Every method may raise `StoreError`.
    """

    def __init__(self, store: Store, zone: ZoneInfo) -> None:
        self._conversations = store.collection("billing_conversations")
        self._sessions = store.collection("billing_sessions")
        self._zone = zone

    async def prepare(self) -> None:
        """Indexes; safe to repeat."""
        await self._sessions.create_index([("conversation_id", ASCENDING)])

    async def learn(self, changes: Sequence[ConversationChanged]) -> None:
        """Idempotent: of two changes of one conversation the later revision stands."""
        latest: dict[str, ConversationChanged] = {}
        for change in changes:
            known = latest.get(change.conversation.id)
            if known is None or known.conversation.revision < change.conversation.revision:
                latest[change.conversation.id] = change
        await guarded_upserts(
            self._conversations,
            [
                UpdateOne(
                    {"_id": key, "revision": {"$lt": change.conversation.revision}},
                    {
                        "$set": {
                            "revision": change.conversation.revision,
                            "area": change.conversation.area,
                            "queue": change.conversation.queue,
                        }
                    },
                    upsert=True,
                )
                for key, change in latest.items()
            ],
        )
        await self.join(latest)

    async def join(self, conversations: Several[str]) -> None:
        """Give the sessions of these conversations their places, as far as both are known. Idempotent."""
        if not conversations:
            return
        places: dict[str, Document] = {
            one["_id"]: one async for one in self._conversations.find({"_id": {"$in": [*conversations]}})
        }
        if not places:
            return
        sessions = self._sessions.find({"conversation_id": {"$in": [*places]}})
        writes = [
            self._placed(session, places[session["conversation_id"]])
            async for session in sessions
            if _newer(session, places[session["conversation_id"]])
        ]
        if writes:
            await self._sessions.bulk_write(writes, ordered=False)

    def _placed(self, session: Document, place: Document) -> UpdateOne:
        cell = Cell.of(
            self._zone, read(session["opened_at"]), session["channel"], session["account"],
            place["area"], place["queue"],
        )  # fmt: skip
        before = session["placed_by"]  # two openers at the same moment may be of two conversations
        same = before in (None, place["_id"])
        guard = {"placed": {"$lt": place["revision"]}} if same else {"placed_by": before}
        return UpdateOne(
            {"_id": session["_id"], "conversation_id": place["_id"], **guard},
            {"$set": {"cell": cell.written, "placed": place["revision"], "placed_by": place["_id"]}},
        )


def _newer(session: Document, place: Document) -> bool:
    return bool(session["placed_by"] != place["_id"] or session["placed"] < place["revision"])
