"""A state in memory is what the store has, or what was made of it since, in whichever form it is held."""

from ventanilla.stream import states
from ventanilla.stream.states import Entry, States, Stored


def parsed(stored: Stored) -> Entry[str]:
    return Entry(state=stored.state, version=stored.version)


def test_what_is_not_in_use_any_more_is_read_again_from_what_was_written() -> None:
    held: States[str] = States(10_000_000, parsed)
    first = held.read("first", Stored(1, "said", "{}"))
    first.state, first.version = "said more", 2
    held.written("first", Stored(2, "said more", "{}"))
    assert held.get("first") is first, "in use"
    for number in range(states._IN_USE):
        held.read(f"other-{number}", Stored(1, "x", "{}"))
    held.trim()
    again = held.get("first")
    assert again is not None
    assert again is not first
    assert (again.state, again.version) == ("said more", 2)


def test_what_does_not_fit_must_be_asked_of_the_store() -> None:
    held: States[str] = States(100_000, parsed)
    for number in range(3 * states._IN_USE):
        held.read(str(number), Stored(1, "x" * 100, "{}"))
        held.trim()
    gone = [number for number in range(3 * states._IN_USE) if held.get(str(number)) is None]
    assert gone == list(range(len(gone))), "what was used longest ago"
    assert len(gone) == 2 * states._IN_USE


def test_what_the_store_refused_is_forgotten() -> None:
    held: States[str] = States(100_000, parsed)
    held.read("new", None)
    held.read("known", Stored(1, "x", "{}"))
    for key in ("new", "known"):
        assert held.get(key) is not None
        held.drop(key)
        assert held.get(key) is None
    held.read("known", Stored(2, "y", "{}"))
    held.clear()
    assert held.get("known") is None
