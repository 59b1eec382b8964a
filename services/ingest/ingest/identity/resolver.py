"""From the ids on a message to the contact that it belongs to, the same on every replica."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from ingest import metrics
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

Publish = Callable[..., Awaitable[None]]
"""`Stream.publish`."""

_REMEMBERED = 100_000
_REMEMBERED_SECONDS = 30.0
_ATTEMPTS = 8
_TURN_SECONDS = 10.0
"""A store that hangs holds nobody for longer."""

Id = tuple[str, str]
"""Account and provider id."""


@dataclass(slots=True)
class _Ticket:
    """People who wait for their turn with the store, and what became of it."""

    people: Sequence[Person]
    contacts: list[str] | None = None
    error: Exception | None = None


class Resolver:
    """Links ids to contacts, durably, before anything is published about them.

    Who is remembered costs nothing. The others of all requests that wait at the moment share one turn with
    the store. What was read is believed for 30 seconds: after a merge on another replica, messages that bear
    only the ended contact's id may go on under it for so long.
    """

    def __init__(
        self,
        key: bytes,
        aliases: Aliases,
        addresses: Addresses,
        publish: Publish,
        clock: Callable[[], float] = time.monotonic,
        remembered: int = _REMEMBERED,
    ) -> None:
        self._key = key
        self._aliases = aliases
        self._addresses = addresses
        self._publish = publish
        self._clock = clock
        self._limit = remembered
        self._remembered: OrderedDict[Id, tuple[str, float]] = OrderedDict()
        self._waiting: list[_Ticket] = []
        self._turn = asyncio.Lock()

    async def resolve(self, people: Sequence[Person]) -> list[str]:
        """Each person's contact. When it returns, aliases and addresses are kept and links are announced.

        Raises `StoreError` or `StreamUnavailableError`, after some seconds at most; then nothing may be
        published about them, and the same again does no harm.
        """
        contacts = self._recall(people)
        if contacts is not None:
            return contacts
        try:
            async with asyncio.timeout(_TURN_SECONDS):
                return await self._take_turn(_Ticket(people))
        except TimeoutError:
            raise StoreError("the store takes too long; try again") from None

    def _recall(self, people: Sequence[Person]) -> list[str] | None:
        """Their contacts, if nothing about any of them is new."""
        now = self._clock()
        contacts: list[str] = []
        for person in people:
            contact: str | None = None
            for one in person.ids:
                remembered = self._remembered.get((person.account, one))
                if remembered is None or remembered[1] < now or contact not in (None, remembered[0]):
                    return None
                contact = remembered[0]
            if contact is None or not self._addresses.knows(contact, person):
                return None
            contacts.append(contact)
        return contacts

    async def _take_turn(self, ticket: _Ticket) -> list[str]:
        self._waiting.append(ticket)
        async with self._turn:
            if ticket.contacts is None and ticket.error is None:
                served, self._waiting = self._waiting, []
                await self._serve(served)
        if ticket.error is not None:
            raise ticket.error
        assert ticket.contacts is not None, "a ticket that was served has contacts or an error"
        return ticket.contacts

    async def _serve(self, tickets: Sequence[_Ticket]) -> None:
        people = [person for ticket in tickets for person in ticket.people]
        try:
            contacts, new = await self._look_up(people)
            await self._addresses.learn(_newest(people, contacts), new)
        except Exception as error:
            for ticket in tickets:
                ticket.error = error
            return
        except asyncio.CancelledError:  # only this request ends; the others must not wait for ever
            for ticket in tickets:
                ticket.error = StoreError("interrupted; try again")
            raise
        place = 0
        for ticket in tickets:
            ticket.contacts = contacts[place : place + len(ticket.people)]
            place += len(ticket.people)

    async def _look_up(self, people: Sequence[Person]) -> tuple[list[str], set[str]]:
        """Each person's contact, and those contacts that were made here just now."""
        new: set[str] = set()
        wanted = [tuple(self._alias(person, one) for one in person.ids) for person in people]
        everything = {alias for aliases in wanted for alias in aliases}
        known = await self._aliases.find(everything)
        for _ in range(_ATTEMPTS):
            made = plan({alias: one.contact for alias, one in known.items()}, wanted)
            if not made.new and not made.merged:
                break
            written = await self._write(made, people)
            new |= {alias for alias, one in written.items() if one.contact == alias}
            if not made.merged and written.keys() == made.new.keys() and new >= set(made.new.values()):
                known.update(written)  # new contacts, that nobody else can have heard of
                break
            known = await self._aliases.find(everything)
        else:
            raise StoreError("other replicas keep changing the same contacts; try again")
        await self._announce(known, people, made.contacts)
        self._remember(people, made.contacts)
        return made.contacts, new

    async def _write(self, made: Plan, people: Sequence[Person]) -> dict[str, Alias]:
        """Returns the aliases that were not there."""
        if made.merged:
            self._remembered.clear()
        written = await self._aliases.insert(
            {alias: (contact, people[made.at[alias]].at) for alias, contact in made.new.items()}
        )
        for loser, winner in made.merged:
            await self._aliases.merge(loser, winner, people[made.at[loser]].at)
        return written

    async def _announce(
        self, known: dict[str, Alias], people: Sequence[Person], contacts: Sequence[str]
    ) -> None:
        """Say what is kept and not said yet, by whichever crash; marked as said when Kafka has it."""
        silent = {one.contact for one in known.values() if not one.announced}
        if not silent:
            return
        links = await self._aliases.unannounced(silent)
        person_of = dict(zip(contacts, people, strict=True))
        await self._publish(*_announcements(links, person_of))
        await self._aliases.mark_announced(links)
        metrics.LINKS.inc(len(links))

    def _alias(self, person: Person, one: str) -> str:
        return contact_id(self._key, person.channel, person.account, one)

    def _remember(self, people: Sequence[Person], contacts: Sequence[str]) -> None:
        until = self._clock() + _REMEMBERED_SECONDS
        for person, contact in zip(people, contacts, strict=True):
            for one in person.ids:
                self._remembered[person.account, one] = (contact, until)
                self._remembered.move_to_end((person.account, one))
        while len(self._remembered) > self._limit:
            self._remembered.popitem(last=False)


def _announcements(links: dict[str, Alias], person_of: dict[str, Person]) -> Iterable[Output]:
    """Under the contact's key; where two contacts became one, under the key of the one that ended as well."""
    for alias, link in links.items():
        person = person_of[link.contact]
        for key in (link.contact, alias) if link.merged else (link.contact,):
            identity = derived_id("linked", alias, link.contact, key)
            yield (
                CONTACT_LINKED,
                ContactLinked(
                    id=identity,
                    occurred_at=link.linked_at,
                    contact_id=key,
                    correlation_id=identity,
                    alias_id=alias,
                    canonical_id=link.contact,
                    merged=link.merged,
                    channel=person.channel,
                    account=person.account,
                ),
            )


def _newest(people: Sequence[Person], contacts: Sequence[str]) -> dict[str, Person]:
    """What is learnt of a contact who occurs several times: from his newest message."""
    newest: dict[str, Person] = {}
    for person, contact in zip(people, contacts, strict=True):
        if contact not in newest or newest[contact].at <= person.at:
            newest[contact] = person
    return newest
