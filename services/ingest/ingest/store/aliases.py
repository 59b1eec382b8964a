"""`ingest_aliases`: which contact each id stands for.

A document for each alias: `_id`, the pseudonym of one provider id; `contact`, the contact that it stands
for; `announced`, 1 when that is on `contact.linked.v1` (a contact's own alias has nothing to announce);
`merged`, 1 when it was a contact of its own before; `linked_at`, the provider's time. Numbers stand for true
and false because not every engine keeps a boolean through an update.
Every method raises `StoreError` when the store does not answer.
"""

from collections.abc import Collection as AnyCollection
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ingest.identity.linking import root
from ventanilla.moments import read, written
from ventanilla.store import Collection, Document, InsertOne, Store, guarded_upserts

ALIASES = "ingest_aliases"
_IN_ONE_QUERY = 500


@dataclass(frozen=True, slots=True)
class Alias:
    contact: str
    announced: bool
    merged: bool
    linked_at: datetime


class Aliases:
    def __init__(self, store: Store) -> None:
        self._collection: Collection = store.collection(ALIASES)

    async def prepare(self) -> None:
        """The index by which a merge finds all aliases of a contact."""
        await self._collection.create_index("contact")

    async def find(self, aliases: AnyCollection[str]) -> dict[str, Alias]:
        """Those that exist, each with the contact that it stands for in the end.

        One is announced when all links on the way to that contact are.
        """
        found = await self._read(aliases)
        chain = dict(found)
        while missing := {one.contact for one in chain.values()} - chain.keys():
            further = await self._read(missing)
            if not further:
                break
            chain.update(further)
        contacts = {alias: one.contact for alias, one in chain.items()}
        return {alias: _followed(alias, one, chain, root(contacts, alias)) for alias, one in found.items()}

    async def unannounced(self, contacts: AnyCollection[str]) -> dict[str, Alias]:
        """Every alias that directly stands for one of `contacts` and was not announced yet."""
        return {
            document["_id"]: _alias(document)
            async for document in self._collection.find({"contact": {"$in": list(contacts)}, "announced": 0})
        }

    async def insert(self, new: Mapping[str, tuple[str, datetime]]) -> dict[str, Alias]:
        """Returns those that now stand as they were given. Whoever comes first decides: an alias that exists
        already stays as it is, and is to be read."""
        aliases = {
            alias: Alias(contact, announced=alias == contact, merged=False, linked_at=at)
            for alias, (contact, at) in new.items()
        }
        refused = await guarded_upserts(
            self._collection, [InsertOne(_document(alias, one)) for alias, one in aliases.items()]
        )
        return {alias: one for place, (alias, one) in enumerate(aliases.items()) if place not in refused}

    async def merge(self, loser: str, winner: str, at: datetime) -> None:
        """All that stood for `loser` stands for `winner`; a crash in between leaves a chain for `find`."""
        await self._collection.update_one(
            {"_id": loser, "contact": loser},
            {"$set": {"contact": winner, "merged": 1, "announced": 0, "linked_at": written(at)}},
        )
        await self._collection.update_many(
            {"contact": loser}, {"$set": {"contact": winner, "announced": 0, "linked_at": written(at)}}
        )

    async def mark_announced(self, aliases: AnyCollection[str]) -> None:
        await self._collection.update_many({"_id": {"$in": list(aliases)}}, {"$set": {"announced": 1}})

    async def _read(self, aliases: AnyCollection[str]) -> dict[str, Alias]:
        found: dict[str, Alias] = {}
        wanted = list(aliases)
        for start in range(0, len(wanted), _IN_ONE_QUERY):
            page = {"_id": {"$in": wanted[start : start + _IN_ONE_QUERY]}}
            async for document in self._collection.find(page):
                found[document["_id"]] = _alias(document)
        return found


def _document(alias: str, one: Alias) -> Document:
    return {
        "_id": alias,
        "contact": one.contact,
        "announced": int(one.announced),
        "merged": int(one.merged),
        "linked_at": written(one.linked_at),
    }


def _alias(document: Document) -> Alias:
    return Alias(
        document["contact"],
        bool(document["announced"]),
        bool(document["merged"]),
        read(document["linked_at"]),
    )


def _followed(alias: str, one: Alias, chain: Mapping[str, Alias], contact: str) -> Alias:
    announced, step, following = one.announced, alias, one
    while following.contact not in (step, contact):
        step, following = following.contact, chain[following.contact]
        announced = announced and following.announced
    return Alias(contact, announced, one.merged, one.linked_at)
