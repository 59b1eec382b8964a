"""From the ids on a message to the contact that it belongs to, the same on every replica."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ingest.identity.linking import Plan, plan
from ingest.identity.person import Person
from ingest.store.addresses import Addresses
from ingest.store.aliases import Alias, Aliases
from ventanilla.contacts import contact_id
from ventanilla.contracts.conversation import ContactLinked
from ventanilla.contracts.event import derived_id
from ventanilla.store import StoreError
from ventanilla.stream import Output
from ventanilla.topics import CONTACT_LINKED

_REMEMBERED = 100_000
_REMEMBERED_SECONDS = 30.0
_ATTEMPTS = 8

Id = tuple[str, str]
"""Account and provider id."""


@dataclass(slots=True)
class Resolution:
    """`contacts` has one for each person. Announcements go out before messages, and then are marked."""

    contacts: list[str]
    announcements: list[Output] = field(default_factory=list)
    announced: list[str] = field(default_factory=list)


class Resolver:
    """Links ids to contacts, durably, before anything is published about them.

    What was read is believed for 30 seconds: after a merge on another replica, messages that bear only the
    ended contact's id may go on under it for so long.
    """

    def __init__(
        self,
        key: bytes,
        aliases: Aliases,
        addresses: Addresses,
        clock: Callable[[], float] = time.monotonic,
        remembered: int = _REMEMBERED,
    ) -> None:
        self._key = key
        self._aliases = aliases
        self._addresses = addresses
        self._clock = clock
        self._limit = remembered
        self._remembered: OrderedDict[Id, tuple[str, float]] = OrderedDict()

    async def resolve(self, people: Sequence[Person]) -> Resolution:
        """Raises `StoreError`; then nothing may be published, and the same again does no harm."""
        contacts = [self._recall(person) for person in people]
        unknown = [place for place, contact in enumerate(contacts) if contact is None]
        resolution = Resolution([])
        if unknown:
            strangers = [people[place] for place in unknown]
            found = await self._look_up(strangers, resolution)
            for place, contact in zip(unknown, found, strict=True):
                contacts[place] = contact
        resolution.contacts = [contact for contact in contacts if contact is not None]
        await self._addresses.learn(_newest(people, resolution.contacts))
        return resolution

    async def mark_announced(self, resolution: Resolution) -> None:
        """To be called when Kafka has the announcements; until then they are made again."""
        if resolution.announced:
            await self._aliases.mark_announced(resolution.announced)

    def _recall(self, person: Person) -> str | None:
        now = self._clock()
        contact: str | None = None
        for one in person.ids:
            remembered = self._remembered.get((person.account, one))
            if remembered is None or remembered[1] < now or contact not in (None, remembered[0]):
                return None
            contact = remembered[0]
        return contact

    async def _look_up(self, people: Sequence[Person], resolution: Resolution) -> list[str]:
        wanted = [tuple(self._alias(person, one) for one in person.ids) for person in people]
        everything = {alias for aliases in wanted for alias in aliases}
        known = await self._aliases.find(everything)
        for _ in range(_ATTEMPTS):
            made = plan({alias: one.contact for alias, one in known.items()}, wanted)
            if not made.new and not made.merged:
                break
            await self._write(made, people)
            known = await self._aliases.find(everything)
        else:
            raise StoreError("other replicas keep changing the same contacts; try again")
        await self._announce(known, people, resolution)
        for aliases, person, contact in zip(wanted, people, made.contacts, strict=True):
            for alias, one in zip(aliases, person.ids, strict=True):
                if known[alias].announced:
                    self._remember((person.account, one), contact)
        return made.contacts

    async def _write(self, made: Plan, people: Sequence[Person]) -> None:
        if made.merged:
            self._remembered.clear()
        await self._aliases.insert(
            {alias: (contact, people[made.at[alias]].at) for alias, contact in made.new.items()}
        )
        for loser, winner in made.merged:
            await self._aliases.merge(loser, winner, people[made.at[loser]].at)

    async def _announce(
        self, known: dict[str, Alias], people: Sequence[Person], resolution: Resolution
    ) -> None:
        open_contacts = {one.contact for one in known.values() if not one.announced}
        if not open_contacts:
            return
        accounts = {
            one.contact: person
            for person in people
            for alias in (self._alias(person, first) for first in person.ids)
            if (one := known[alias]).contact in open_contacts
        }
        for alias, link in (await self._aliases.unannounced(open_contacts)).items():
            resolution.announced.append(alias)
            for key in (link.contact, alias) if link.merged else (link.contact,):
                resolution.announcements.append(
                    (CONTACT_LINKED, _linked(alias, link, key, accounts[link.contact]))
                )

    def _alias(self, person: Person, one: str) -> str:
        return contact_id(self._key, person.channel, person.account, one)

    def _remember(self, one: Id, contact: str) -> None:
        self._remembered[one] = (contact, self._clock() + _REMEMBERED_SECONDS)
        self._remembered.move_to_end(one)
        while len(self._remembered) > self._limit:
            self._remembered.popitem(last=False)


def _linked(alias: str, link: Alias, key: str, person: Person) -> ContactLinked:
    identity = derived_id("linked", alias, link.contact, key)
    return ContactLinked(
        id=identity,
        occurred_at=link.linked_at,
        contact_id=key,
        correlation_id=identity,
        alias_id=alias,
        canonical_id=link.contact,
        merged=link.merged,
        channel=person.channel,
        account=person.account,
    )


def _newest(people: Sequence[Person], contacts: Sequence[str]) -> dict[str, Person]:
    """What is learnt of a contact who occurs several times: from his newest message."""
    newest: dict[str, Person] = {}
    for person, contact in zip(people, contacts, strict=True):
        if contact not in newest or newest[contact].at <= person.at:
            newest[contact] = person
    return newest
