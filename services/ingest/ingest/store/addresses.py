"""`ingest_contacts`: where each contact is reached. The one collection with real addresses in it.

A document for each contact: `_id`, the contact's id; channel, account, number, user_id, group_id, name;
`as_of`, the provider's time of the message that last changed it (`ventanilla.moments`). Every method
raises `StoreError` when the store does not answer.
"""

from collections import OrderedDict
from collections.abc import Collection as AnyCollection
from collections.abc import Mapping
from typing import Any

from ingest.channels.sender import Address
from ingest.identity.person import Person
from ventanilla.contracts.channel import Channel
from ventanilla.moments import written
from ventanilla.store import Collection, Document, Store, UpdateOne, guarded_upserts

CONTACTS = "ingest_contacts"
_IN_ONE_QUERY = 500
_REMEMBERED = 50_000

_FIELDS = ("number", "user_id", "group_id", "name")


class Addresses:
    """Remembers in memory what it wrote or read, so that a contact who changes nothing costs nothing."""

    def __init__(self, store: Store, remembered: int = _REMEMBERED) -> None:
        self._collection: Collection = store.collection(CONTACTS)
        self._known: OrderedDict[str, dict[str, str]] = OrderedDict()
        self._remembered = remembered

    async def find(self, contact_id: str) -> Address | None:
        """Asks the store each time: another replica may have learnt a new number."""
        document = await self._collection.find_one({"_id": contact_id})
        return None if document is None else _address(document)

    def knows(self, contact_id: str, person: Person) -> bool:
        """Whether there is nothing to learn from him, as far as memory says."""
        known = self._known.get(contact_id)
        return known is not None and known.items() >= _told(person).items()

    async def learn(self, people: Mapping[str, Person], new: AnyCollection[str]) -> None:
        """Keep what is new about each contact. What is older than the last change changes nothing.

        A number that a message does not show is not forgotten: who hides it can still be reached by it. Of
        `new` contacts the store has nothing, so it is not asked about them.
        """
        unknown = [contact for contact in people if contact not in self._known and contact not in new]
        for start in range(0, len(unknown), _IN_ONE_QUERY):
            page = {"_id": {"$in": unknown[start : start + _IN_ONE_QUERY]}}
            async for document in self._collection.find(page):
                self._known[document["_id"]] = _facts(document)
        changed = [
            (contact, person, _told(person))
            for contact, person in people.items()
            if not self.knows(contact, person)
        ]
        writes = [_write(contact, person, told) for contact, person, told in changed]
        refused = await guarded_upserts(self._collection, writes)
        for place, (contact, _, told) in enumerate(changed):
            if place in refused:
                self._known.pop(contact, None)
            else:
                self._known[contact] = {**self._known.get(contact, {}), **told}
        while len(self._known) > self._remembered:
            self._known.popitem(last=False)


def _told(person: Person) -> dict[str, str]:
    return {name: value for name in _FIELDS if (value := getattr(person, name)) is not None}


def _facts(document: Document) -> dict[str, str]:
    return {name: document[name] for name in _FIELDS if document.get(name) is not None}


def _write(contact: str, person: Person, told: dict[str, str]) -> UpdateOne:
    fields: dict[str, Any] = {
        **told,
        "channel": person.channel.value,
        "account": person.account,
        "as_of": written(person.at),
    }
    return UpdateOne({"_id": contact, "as_of": {"$lte": written(person.at)}}, {"$set": fields}, upsert=True)


def _address(document: Document) -> Address:
    return Address(
        document["_id"],
        Channel(document["channel"]),
        document["account"],
        **_facts(document),
    )
