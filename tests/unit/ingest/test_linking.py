"""One person is one contact, whichever ids come when."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from ingest.identity.linking import plan, root


def test_somebody_new_is_known_by_his_number() -> None:
    made = plan({}, [("n", "u")])
    assert (made.contacts, made.new, made.merged) == (["n"], {"n": "n", "u": "n"}, [])


def test_a_contact_keeps_the_id_that_it_was_first_seen_by() -> None:
    made = plan({"u": "u"}, [("n", "u")])
    assert (made.contacts, made.new, made.merged) == (["u"], {"n": "u"}, [])


def test_two_contacts_that_are_one_person_become_that_of_the_number() -> None:
    made = plan({"n": "n", "u": "u"}, [("n", "u")])
    assert (made.contacts, made.new, made.merged) == (["n"], {}, [("u", "n")])


def test_of_two_numbers_the_older_ones_contact_goes_on() -> None:
    made = plan({"old": "old", "new": "new", "u": "new"}, [("old", "new")])
    assert made.merged == [("new", "old")]


def test_a_burst_from_somebody_new_is_one_contact() -> None:
    made = plan({}, [("u",), ("n", "u"), ("n",), ("u",)])
    assert made.contacts == ["u", "u", "u", "u"]
    assert made.new == {"u": "u", "n": "u"}


def test_a_person_who_shows_late_that_two_are_one_is_one_from_the_start_of_the_batch() -> None:
    made = plan({}, [("u",), ("n",), ("n", "u")])
    assert made.contacts == ["n", "n", "n"]
    assert made.merged == [("u", "n")]


def test_a_chain_and_even_a_ring_of_merges_has_one_end() -> None:
    assert root({"a": "b", "b": "c", "c": "c"}, "a") == "c"
    assert root({"a": "b", "b": "a"}, "a") == root({"a": "b", "b": "a"}, "b") == "a"
    assert root({}, "x") == "x"


ALIASES = st.sampled_from("abcdefgh")
PEOPLE = st.lists(st.lists(ALIASES, min_size=1, max_size=3, unique=True).map(tuple), min_size=1, max_size=12)


@given(PEOPLE)
def test_people_who_share_an_id_share_a_contact(people: Sequence[tuple[str, ...]]) -> None:
    made = plan({}, people)
    contact_of = {
        alias: contact for aliases, contact in zip(people, made.contacts, strict=True) for alias in aliases
    }
    for aliases, contact in zip(people, made.contacts, strict=True):
        assert {contact_of[alias] for alias in aliases} == {contact}


@given(PEOPLE)
def test_one_at_a_time_or_all_at_once_the_same_people_are_joined(people: Sequence[tuple[str, ...]]) -> None:
    known: dict[str, str] = {}
    for aliases in people:
        made = plan(known, [aliases])
        known.update(made.new)
        for loser, winner in made.merged:
            known = {alias: winner if contact == loser else contact for alias, contact in known.items()}
    together = plan({}, people)
    joined = {frozenset(a for a in known if known[a] == contact) for contact in known.values()}
    at_once: dict[str, set[str]] = {}
    for aliases, contact in zip(people, together.contacts, strict=True):
        at_once.setdefault(contact, set()).update(aliases)
    assert joined == {frozenset(group) for group in at_once.values()}


@given(PEOPLE)
def test_what_was_written_needs_nothing_more(people: Sequence[tuple[str, ...]]) -> None:
    made = plan({}, people)
    known = dict(made.new)
    for loser, winner in made.merged:
        known = {alias: winner if contact == loser else contact for alias, contact in known.items()}
    again = plan(known, people)
    assert (again.new, again.merged, again.contacts) == ({}, [], made.contacts)
