"""Which ids are one person. Pure.

An *alias* is the pseudonym of one id. It stands for a contact; a contact's own id is the alias that it was
first seen by. The rules, in this order:

1. A contact keeps the id that it was first seen by.
2. An id that comes together with a known one stands for the same contact from then on.
3. Ids that come together and are two contacts already become one: the one of the telephone number, of the
   older number if there are two. The other contact's aliases all move.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Plan:
    """What has to be written so that every person is one contact."""

    contacts: list[str] = field(default_factory=list)
    """For each person, in order, the contact that he is."""
    new: dict[str, str] = field(default_factory=dict)
    """Aliases never seen before, and the contact that each stands for (itself: a new contact)."""
    merged: list[tuple[str, str]] = field(default_factory=list)
    """(contact that ends, contact that goes on)"""
    at: dict[str, int] = field(default_factory=dict)
    """For each new or merged alias, the place of the person who brought it."""


def plan(known: Mapping[str, str], people: Iterable[tuple[str, ...]]) -> Plan:
    """`known` maps aliases to contacts; each of `people` is his aliases, telephone numbers first."""
    made = Plan()
    moved: dict[str, str] = {}

    def contact_of(alias: str) -> str | None:
        contact = made.new.get(alias, known.get(alias))
        while contact in moved:
            contact = moved[contact]
        return contact

    people = list(people)
    for place, aliases in enumerate(people):
        contacts = list(dict.fromkeys(found for alias in aliases if (found := contact_of(alias))))
        winner = contacts[0] if contacts else aliases[0]
        for loser in contacts[1:]:
            moved[loser] = winner
            made.merged.append((loser, winner))
            made.at[loser] = place
        for alias in aliases:
            if contact_of(alias) is None:
                made.new[alias] = winner
                made.at[alias] = place
    for aliases in people:
        final = contact_of(aliases[0])
        assert final is not None, "every alias of every person stands for a contact by now"
        made.contacts.append(final)
    made.new = {alias: contact_of(alias) or contact for alias, contact in made.new.items()}
    return made


def root(contacts: Mapping[str, str], alias: str) -> str:
    """Follow `contacts` (alias -> contact) to the contact that stands for itself.

    Two replicas may, at the same moment, have merged two contacts into each other: then the smaller id is
    taken, everywhere.
    """
    seen = [alias]
    while (following := contacts.get(seen[-1], seen[-1])) != seen[-1]:
        if following in seen:
            return min(seen[seen.index(following) :])
        seen.append(following)
    return seen[-1]
