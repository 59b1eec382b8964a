"""What comes when its month is closed edits no session: it becomes an adjustment, as exact as can be."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.closing import closed_until, closes_at, first_open_month
from billing.domain.meter import Meter, message_hash, meter
from support.meter_histories import counted, oracle, standing
from support.statuses import ACCOUNT, status
from ventanilla.contracts.billing import MeterMoved, MeterNoted, Note
from ventanilla.contracts.channel import Channel, DeliveryStatus, MessageStatus
from ventanilla.contracts.conversation import ContactLinked
from ventanilla.contracts.event import Event

ZONE = ZoneInfo("America/El_Salvador")
SETTLING = timedelta(days=10)
CONTACT, ALIAS = "a" * 32, "b" * 32
CLOSE = datetime(2026, 11, 12, 6, tzinfo=UTC)
"""October: its end at 6:00 UTC on 1 November, 24 hours, 10 days."""
OCTOBER = datetime(2026, 10, 20, 15, tzinfo=UTC)
decide = meter(ZONE, SETTLING)


def run(events: Sequence[Event], state: Meter | None = None) -> tuple[Meter, list[Event]]:
    emitted: list[Event] = []
    for event in events:
        decision = decide(state, event)
        assert decision.state is not None
        state = Meter.model_validate_json(decision.state.model_dump_json(exclude_none=True))
        emitted += [output for _, output in decision.outputs]
    assert state is not None
    return state, emitted


def notes(emitted: Sequence[Event]) -> list[MeterNoted]:
    return [one for one in emitted if isinstance(one, MeterNoted)]


def effects(emitted: Sequence[Event]) -> list[tuple[int, int]]:
    return [(one.sessions_at_least, one.sessions_at_most) for one in notes(emitted)]


def test_october_closes_a_settling_time_after_its_last_session_has_ended() -> None:
    assert closes_at("2026-10", ZONE, SETTLING) == CLOSE
    before = CLOSE - timedelta(microseconds=1)
    assert first_open_month(CLOSE, ZONE, SETTLING) == "2026-11"
    assert first_open_month(before, ZONE, SETTLING) == "2026-10"
    assert closed_until(CLOSE, ZONE, SETTLING) == datetime(2026, 11, 2, 6, tzinfo=UTC)
    assert closed_until(before, ZONE, SETTLING) == datetime(2026, 10, 2, 6, tzinfo=UTC)


@pytest.mark.parametrize("late", [False, True])
def test_a_contact_never_seen_before_has_a_session_until_the_month_closes_and_a_note_from_then_on(
    late: bool,
) -> None:
    came_at = CLOSE if late else CLOSE - timedelta(microseconds=1)
    state, said = run([status(CONTACT, "wamid.1", OCTOBER, came_at=came_at)])
    if not late:
        assert standing(said) == [(OCTOBER, 1)]
        return
    assert standing(said) == []
    (note,) = notes(said)
    assert (note.note, note.reason, note.month, note.noted_in) == (
        Note.ADJUSTMENT, "closed", "2026-10", "2026-11",
    )  # fmt: skip
    assert (note.sessions_at_least, note.sessions_at_most, note.came_at) == (1, 1, CLOSE)
    assert state.tally == {"quarantined:closed": 1}


def test_a_late_message_inside_a_session_that_was_billed_adds_none() -> None:
    state, said = run(
        [
            status(CONTACT, "wamid.1", OCTOBER),
            status(CONTACT, "wamid.2", OCTOBER + timedelta(hours=2), came_at=CLOSE),
        ]
    )
    assert standing(said) == [(OCTOBER, 1)]
    assert effects(said) == [(0, 0)]
    assert state.tally == {"counted": 1, "quarantined:closed": 1}


def test_each_adjustment_counts_what_those_before_it_counted() -> None:
    late = [status(CONTACT, f"wamid.{n}", OCTOBER + timedelta(hours=n), came_at=CLOSE) for n in range(3)]
    _, said = run(late)
    assert effects(said) == [(1, 1), (0, 0), (0, 0)]


def test_the_same_late_fact_again_and_its_reading_say_nothing_more() -> None:
    late = status(CONTACT, "wamid.1", OCTOBER, came_at=CLOSE)
    read = status(
        CONTACT, "wamid.1", OCTOBER + timedelta(days=30), DeliveryStatus.READ, came_at=CLOSE + SETTLING
    )
    state, said = run([late, late, read])
    assert len(notes(said)) == 1
    assert standing(said) == []
    assert state.tally == {"quarantined:closed": 1, "duplicate:closed": 2}


def test_the_first_day_of_a_month_closes_with_the_month_before_whose_last_sessions_reach_into_it() -> None:
    last = datetime(2026, 11, 1, 2, tzinfo=UTC)  # still 31 October in El Salvador
    inside = datetime(2026, 11, 1, 20, tzinfo=UTC)
    state, said = run([status(CONTACT, "wamid.1", last), status(CONTACT, "wamid.2", inside, came_at=CLOSE)])
    assert standing(said) == [(last, 1)]
    assert [(one.month, one.sessions_at_most) for one in notes(said)] == [("2026-11", 0)]
    after = inside + timedelta(hours=24)
    _, said = run([status(CONTACT, "wamid.3", after, came_at=CLOSE + timedelta(days=5))], state)
    assert standing(said) == [(after, 1)]


def test_where_a_late_message_only_moves_a_session_to_another_month_both_answers_are_given() -> None:
    first = datetime(2026, 11, 1, 10, tzinfo=UTC)  # 1 November
    before = datetime(2026, 10, 31, 20, tzinfo=UTC)
    _, said = run([status(CONTACT, "wamid.1", first), status(CONTACT, "wamid.0", before, came_at=CLOSE)])
    assert effects(said) == [(0, 1)]  # October has one more, both months together none


def test_a_delivery_that_comes_late_for_a_reading_that_was_billed_moves_nothing() -> None:
    read = status(CONTACT, "wamid.1", datetime(2026, 11, 5, tzinfo=UTC), DeliveryStatus.READ)
    delivered = status(CONTACT, "wamid.1", OCTOBER, came_at=CLOSE)
    _, said = run([read, delivered, delivered])
    assert standing(said) == [(read.occurred_at, 1)]
    assert [(one.month, one.reason) for one in notes(said)] == [("2026-10", "closed")]


def test_an_id_that_is_joined_late_leaves_the_sessions_of_closed_months_where_they_are() -> None:
    early = status(ALIAS, "wamid.1", datetime(2026, 10, 31, 20, tzinfo=UTC))
    later = status(ALIAS, "wamid.2", datetime(2026, 11, 8, tzinfo=UTC))
    linked = ContactLinked(
        id="link", occurred_at=CLOSE + timedelta(hours=1), contact_id=ALIAS, correlation_id="link",
        alias_id=ALIAS, canonical_id=CONTACT, merged=True, channel=Channel.WHATSAPP, account=ACCOUNT,
    )  # fmt: skip
    _, said = run([early, later, linked])
    assert standing(said) == [(early.occurred_at, 1)]
    _, moved = run([one for one in said if isinstance(one, MeterMoved)])
    assert standing(moved) == [(later.occurred_at, 1)]


def test_what_comes_late_for_an_alias_is_judged_by_when_it_came() -> None:
    linked = ContactLinked(
        id="link", occurred_at=OCTOBER, contact_id=ALIAS, correlation_id="link", alias_id=ALIAS,
        canonical_id=CONTACT, merged=True, channel=Channel.WHATSAPP, account=ACCOUNT,
    )  # fmt: skip
    _, said = run([linked, status(ALIAS, "wamid.1", OCTOBER, came_at=CLOSE)])
    _, moved = run([one for one in said if isinstance(one, MeterMoved)])
    assert standing(moved) == []
    assert effects(moved) == [(1, 1)]


def came(one: MessageStatus) -> datetime:
    assert one.received_at is not None
    return one.received_at


HOURS = st.integers(0, 50 * 24)
DELAYS = st.one_of(st.integers(0, 239), st.integers(45 * 24, 70 * 24))
FACTS = st.lists(
    st.tuples(st.integers(0, 12), HOURS, DELAYS),
    min_size=1,
    max_size=30,
    unique_by=lambda fact: fact[0],
)


@given(FACTS)
def test_what_is_billed_is_what_came_before_its_month_closed_and_nothing_is_lost(
    facts: list[tuple[int, int, int]],
) -> None:
    history = sorted(
        (
            status(
                CONTACT, f"wamid.{message}", OCTOBER + timedelta(hours=hour),
                came_at=OCTOBER + timedelta(hours=hour + delay),
            )
            for message, hour, delay in facts
        ),
        key=came,
    )  # fmt: skip
    state, said = run([one for each in history for one in (each, each)])
    in_time = [one for one in history if came(one) < one.occurred_at + timedelta(days=45)]
    assert [opened for opened, _ in standing(said)] == oracle(counted(in_time))
    assert {one.message for one in notes(said)} == {
        message_hash(one.provider_message_id or "") for one in history if one not in in_time
    }
    assert state.received == sum(state.tally.values()) == 2 * len(history)


@given(
    st.lists(st.integers(0, 8 * 24), max_size=12, unique=True),
    st.lists(st.integers(0, 8 * 24), max_size=12, unique=True),
)
def test_the_adjustments_add_up_to_what_all_statuses_say_less_what_was_billed(
    in_time: list[int], late: list[int]
) -> None:
    early = [status(CONTACT, f"in.{hour}", OCTOBER + timedelta(hours=hour)) for hour in in_time]
    after = [status(CONTACT, f"late.{hour}", OCTOBER + timedelta(hours=hour), came_at=CLOSE) for hour in late]
    _, said = run([*early, *after]) if early or after else (None, [])
    difference = len(oracle(counted([*early, *after]))) - len(oracle(counted(early)))
    assert sum(least for least, _ in effects(said)) == difference
    assert sum(most for _, most in effects(said)) == difference
