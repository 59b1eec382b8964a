"""How a moment is written, and what a contact's memory of events holds."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.catalogue import load_date_words
from router.domain import seen
from router.domain.dates import moment_text
from support.messages import NOON
from ventanilla.checked_yaml import ConfigError

SALVADOR = ZoneInfo("America/El_Salvador")


@pytest.mark.parametrize(
    ("utc", "text"),
    [
        ("2026-05-04T13:30", "lunes 4 de mayo a las 7:30 a.m."),
        ("2026-01-01T06:00", "jueves 1 de enero a las 12:00 a.m."),
        ("2026-09-16T18:00", "miércoles 16 de septiembre a las 12:00 del mediodía"),
        ("2026-09-16T18:01", "miércoles 16 de septiembre a las 12:01 p.m."),
        ("2026-12-05T19:05", "sábado 5 de diciembre a la 1:05 p.m."),
        ("2026-12-06T05:59", "sábado 5 de diciembre a las 11:59 p.m."),
    ],
)
def test_a_moment_reads_as_people_say_it(utc: str, text: str) -> None:
    at = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert moment_text(load_date_words("es-SV"), at, SALVADOR) == text


def test_a_language_without_dates_is_said_at_the_start() -> None:
    with pytest.raises(ConfigError, match=r"'nah-SV' has no dates; use one of es"):
        load_date_words("nah-SV")


def test_an_event_is_known_for_eight_days() -> None:
    known = seen.remember({}, "m1", NOON)
    later = seen.remember(known, "m2", NOON + timedelta(days=8))
    assert seen.knows(later, "m1")
    assert not seen.knows(seen.remember(later, "m3", NOON + timedelta(days=9)), "m1")


@given(st.sets(st.text(min_size=1), min_size=1), st.sets(st.text(min_size=1)))
def test_exactly_what_was_remembered_is_known(ids: set[str], others: set[str]) -> None:
    known: dict[str, str] = {}
    for number, identity in enumerate(ids):
        known = seen.remember(known, identity, NOON + timedelta(hours=number % 24))
    assert all(seen.knows(known, identity) for identity in ids)
    assert not any(seen.knows(known, identity) for identity in others - ids)


def test_one_contact_fills_no_disk() -> None:
    known: dict[str, str] = {}
    for number in range(seen.LIMIT + 50):
        known = seen.remember(known, f"m{number}", NOON + timedelta(minutes=number))
    assert sum(map(len, known.values())) <= seen.LIMIT * 12
    assert not seen.knows(known, "m49")
    assert seen.knows(known, "m50")
    assert seen.knows(known, f"m{seen.LIMIT + 49}")


def test_two_memories_joined_know_what_either_knew() -> None:
    one = seen.remember({}, "a", NOON)
    other = seen.remember(seen.remember({}, "b", NOON), "c", NOON + timedelta(days=2))
    both = seen.joined(one, other)
    assert all(seen.knows(both, identity) for identity in "abc")
