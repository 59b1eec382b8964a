"""The meter against a ten-line oracle, whatever the order and however often statuses come."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.meter import Meter, meter
from billing.domain.sessions import sessions
from support.meter_histories import counted, oracle, standing
from support.statuses import ACCOUNT, status
from ventanilla.contracts.billing import MeterMoved, SessionChanged
from ventanilla.contracts.channel import Channel, DeliveryStatus, MessageStatus
from ventanilla.contracts.conversation import ContactLinked
from ventanilla.contracts.event import Event

ZONE = ZoneInfo("America/El_Salvador")
START = datetime(2026, 10, 30, tzinfo=UTC)
CONTACT = "a" * 32
decide = meter(ZONE)

K = DeliveryStatus


def replay(events: Sequence[Event], state: Meter | None = None) -> tuple[Meter | None, list[Event]]:
    """The state after these events, restarting from JSON between any two, and all that was emitted."""
    emitted: list[Event] = []
    for event in events:
        decision = decide(state, event)
        state = decision.state and Meter.model_validate_json(decision.state.model_dump_json())
        emitted += [output for _, output in decision.outputs]
    return state, emitted


# Minutes over four days, drawn close to the multiples of a day, where sessions meet.
MINUTES = st.one_of(
    st.integers(0, 4 * 1440),
    st.builds(lambda day, by: day * 1440 + by, st.integers(0, 4), st.integers(-1, 1)),
).map(abs)
KINDS = st.sampled_from([K.SENT, K.DELIVERED, K.READ, K.FAILED, K.PLAYED])
HISTORY = st.lists(st.tuples(st.integers(0, 8), MINUTES, KINDS), min_size=1, max_size=25)


def statuses(history: Iterable[tuple[int, int, DeliveryStatus]]) -> list[MessageStatus]:
    return [
        status(CONTACT, f"wamid.{message}", START + timedelta(minutes=minute), kind)
        for message, minute, kind in history
    ]


@given(HISTORY, st.data())
def test_any_order_and_any_repetition_gives_the_oracles_sessions(
    history: list[tuple[int, int, DeliveryStatus]], data: st.DataObject
) -> None:
    events = statuses(history)
    shuffled = data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=10))))
    _, emitted = replay(shuffled)
    moments = counted(events)
    assert [opened for opened, _ in standing(emitted)] == oracle(moments)
    assert sum(messages for _, messages in standing(emitted)) == len(moments)


@given(HISTORY, MINUTES)
def test_a_late_message_changes_the_total_by_nothing_or_one_and_moves_no_opener_later(
    history: list[tuple[int, int, DeliveryStatus]], minute: int
) -> None:
    before = oracle(counted(statuses(history)))
    late = status(CONTACT, "wamid.late", START + timedelta(minutes=minute))
    after = [session.opened_at for session in sessions([*counted(statuses(history)), late.occurred_at])]
    assert len(after) - len(before) in (0, 1)
    for month in {opened.astimezone(ZONE).month for opened in [*before, *after]}:
        count = [sum(o.astimezone(ZONE).month == month for o in openers) for openers in (before, after)]
        assert count[1] - count[0] in (-1, 0, 1)
    assert all(new <= old for new, old in zip(after, before, strict=False))


@given(HISTORY, HISTORY)
def test_two_ids_of_one_person_have_the_sessions_of_the_union(
    one: list[tuple[int, int, DeliveryStatus]], other: list[tuple[int, int, DeliveryStatus]]
) -> None:
    alias = "b" * 32
    mine = statuses(one)
    theirs = [
        status(alias, f"other.{message}", START + timedelta(minutes=minute), kind)
        for message, minute, kind in other
    ]
    linked = ContactLinked(
        id="link", occurred_at=START, contact_id=alias, correlation_id="link", alias_id=alias,
        canonical_id=CONTACT, merged=True, channel=Channel.WHATSAPP, account=ACCOUNT,
    )  # fmt: skip
    early, late = theirs[: len(theirs) // 2], theirs[len(theirs) // 2 :]
    _, alias_said = replay([*early, linked, linked, *late])
    moved = [event for event in alias_said if isinstance(event, MeterMoved)]
    assert all(event.contact_id == CONTACT for event in moved)
    _, said = replay([*mine, *moved, *moved])
    assert standing(alias_said) == []
    union = counted([*mine, *theirs])
    assert [opened for opened, _ in standing(said)] == oracle(union)
    alone = len(oracle(counted(mine))), len(oracle(counted(theirs)))
    assert max(alone) <= len(oracle(union)) <= sum(alone)


@pytest.mark.parametrize(
    ("second", "count"),
    [(timedelta(hours=24, seconds=-1), 1), (timedelta(hours=24), 2), (timedelta(0), 1)],
)
def test_a_session_is_half_open(second: timedelta, count: int) -> None:
    assert len(sessions([START, START + second])) == count


def test_read_without_delivered_counts_and_delivered_then_gives_the_time() -> None:
    read = status(CONTACT, "wamid.1", START + timedelta(hours=2), K.READ)
    delivered = status(CONTACT, "wamid.1", START + timedelta(hours=1))
    _, said = replay([read])
    assert standing(said) == [(read.occurred_at, 1)]
    _, said = replay([read, delivered])
    assert standing(said) == [(delivered.occurred_at, 1)]


@pytest.mark.parametrize("kind", [K.ACCEPTED, K.SENT, K.FAILED, K.REFUSED])
def test_what_was_not_delivered_opens_nothing(kind: DeliveryStatus) -> None:
    state, emitted = replay([status(CONTACT, "wamid.1", START, kind)])
    assert emitted == []
    assert state is not None
    assert state.published == {}
    assert state.tally == {"excluded:not_delivered": 1}


@pytest.mark.parametrize(
    ("at", "month"),
    [
        (datetime(2026, 11, 1, 5, 59, 59, tzinfo=UTC), "2026-10"),
        (datetime(2026, 11, 1, 6, 0, tzinfo=UTC), "2026-11"),
        (datetime(2027, 1, 1, 5, 0, tzinfo=UTC), "2026-12"),
    ],
)
def test_a_session_belongs_to_the_month_of_the_institutions_calendar(at: datetime, month: str) -> None:
    _, said = replay([status(CONTACT, "wamid.1", at)])
    assert [event.month for event in said if isinstance(event, SessionChanged)] == [month]


@given(HISTORY, HISTORY)
def test_a_silence_of_a_day_ends_every_cascade(
    before: list[tuple[int, int, DeliveryStatus]], after: list[tuple[int, int, DeliveryStatus]]
) -> None:
    first = counted(statuses(before))
    later = counted(statuses(after))
    if not first or not later:
        return
    silence = max(first) + timedelta(hours=24) - min(later)
    shifted = [moment + silence for moment in later]
    assert oracle([*first, *shifted]) == oracle(first) + oracle(shifted)
