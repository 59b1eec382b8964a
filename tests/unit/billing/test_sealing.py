"""Sealing keeps a meter small and changes nothing; what comes too late is said, not dropped."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from billing.domain.meter import Meter, meter
from support.meter_histories import as_they_arrive, counted, oracle, standing
from support.statuses import ACCOUNT, status
from ventanilla.contracts.billing import MeterMoved, MeterNoted, Note, SessionChanged
from ventanilla.contracts.channel import Channel, DeliveryStatus, MessageStatus
from ventanilla.contracts.conversation import ContactLinked
from ventanilla.contracts.event import Event

ZONE = ZoneInfo("America/El_Salvador")
START = datetime(2026, 10, 1, tzinfo=UTC)
SETTLING = timedelta(days=10)
CONTACT = "a" * 32
decide = meter(ZONE, SETTLING)

HOURS = st.one_of(st.integers(0, 60 * 24), st.integers(0, 60).map(lambda day: day * 24))
MESSAGES = st.lists(
    st.tuples(HOURS, st.integers(0, 239), st.booleans(), st.integers(0, 90 * 24), st.booleans()),
    min_size=1,
    max_size=40,
)


def run(events: Sequence[Event], state: Meter | None = None) -> tuple[Meter, list[Event]]:
    """A restart from what was stored between any two events."""
    emitted: list[Event] = []
    for event in events:
        decision = decide(state, event)
        assert decision.state is not None
        state = Meter.model_validate_json(decision.state.model_dump_json(exclude_none=True))
        emitted += [output for _, output in decision.outputs]
    assert state is not None
    return state, emitted


def arriving(messages: list[tuple[int, int, bool, int, bool]]) -> list[MessageStatus]:
    """Sixty days of deliveries, each up to ten days late, some twice, some read up to ninety days later."""
    history: list[MessageStatus] = []
    delays: list[timedelta] = []
    for number, (hour, delay, read, read_after, twice) in enumerate(messages):
        at, late = START + timedelta(hours=hour), timedelta(hours=delay)
        delivered = status(CONTACT, f"wamid.{number}", at)
        history += [delivered] * (1 + twice)
        delays += [late, late + timedelta(hours=1)][: 1 + twice]
        if read:
            after = timedelta(hours=read_after)  # the news of a reading may overtake that of the delivery
            history.append(status(CONTACT, f"wamid.{number}", at + after, DeliveryStatus.READ))
            delays.append(timedelta(minutes=1))
    return as_they_arrive(history, delays)


@given(MESSAGES)
def test_sealing_changes_nothing_for_what_comes_within_the_settling_time(
    messages: list[tuple[int, int, bool, int, bool]],
) -> None:
    events = arriving(messages)
    state, emitted = run(events)
    moments = counted(events)
    assert [opened for opened, _ in standing(emitted)] == oracle(moments)
    assert sum(count for _, count in standing(emitted)) == len(moments)
    notes = [note for note in emitted if isinstance(note, MeterNoted)]
    assert notes == []
    months: dict[str, int] = {}
    for opened in oracle(moments):
        months[f"{opened.astimezone(ZONE):%Y-%m}"] = months.get(f"{opened.astimezone(ZONE):%Y-%m}", 0) + 1
    kept = dict(state.sealed.sessions) if state.sealed else {}
    for opened, _ in state.published.values():
        kept[f"{opened.astimezone(ZONE):%Y-%m}"] = kept.get(f"{opened.astimezone(ZONE):%Y-%m}", 0) + 1
    assert kept == months
    assert (state.sealed.messages if state.sealed else 0) + len(state.deliveries) == len(moments)


@given(MESSAGES)
def test_the_sealed_part_depends_on_the_set_alone(
    messages: list[tuple[int, int, bool, int, bool]],
) -> None:
    """Two ways to arrive, both in time, and a last message that seals all before it: one digest."""
    last = status(CONTACT, "wamid.last", START + timedelta(days=400))
    one, _ = run([*arriving(messages), last])
    punctual = [(hour, 0, False, 0, False) for hour, *_ in messages]
    other, _ = run([*arriving(punctual), last])
    assert one.sealed is not None
    assert other.sealed is not None
    assert (one.sealed.digest, one.sealed.sessions) == (other.sealed.digest, other.sealed.sessions)


@given(MESSAGES)
def test_every_status_has_one_outcome(messages: list[tuple[int, int, bool, int, bool]]) -> None:
    events = arriving(messages)
    state, _ = run(events)
    assert state.received == len(events) == sum(state.tally.values())
    assert state.tally["counted"] == len(counted(events))


def test_a_meter_of_years_is_as_small_as_one_of_weeks() -> None:
    state: Meter | None = None
    sizes = []
    for day in range(3 * 365):
        for part in range(3):
            at = START + timedelta(days=day, hours=part)
            state = decide(state, status(CONTACT, f"wamid.{day}.{part}", at)).state
        assert state is not None
        sizes.append(len(state.model_dump_json(exclude_none=True)))
        assert len(state.deliveries) <= 3 * 12
        assert len(state.revisions) <= 12
    assert sizes[-1] <= sizes[40] + 1024 * 8 + 36 * 16, (
        "the marks of 1024 messages, and a line for each month"
    )


def settled() -> Meter:
    """One session of 1 October, sealed; another of 1 November, live."""
    state, _ = run(
        [status(CONTACT, "wamid.1", START), status(CONTACT, "wamid.2", START + timedelta(days=31))]
    )
    assert state.sealed is not None
    return state


def test_what_comes_too_late_is_an_adjustment_that_names_its_month_and_edits_nothing() -> None:
    before = settled()
    late = status(CONTACT, "wamid.late", START - timedelta(hours=30))
    after, emitted = run([late, late], before)
    (note,) = emitted
    assert isinstance(note, MeterNoted)
    assert (note.note, note.month, note.noted_in) == (Note.ADJUSTMENT, "2026-09", "2026-10")
    assert (note.sessions_at_least, note.sessions_at_most, note.cause_id) == (0, 1, late.id)
    assert after.published == before.published
    assert after.sealed is not None
    assert before.sealed is not None
    assert after.sealed.digest == before.sealed.digest
    assert after.tally == {"counted": 2, "quarantined:late": 1, "duplicate:sealed": 1}


def test_a_message_read_weeks_after_it_was_sealed_opens_nothing() -> None:
    read = status(CONTACT, "wamid.1", START + timedelta(days=45), DeliveryStatus.READ)
    after, emitted = run([read], settled())
    assert emitted == []
    assert after.tally == {"counted": 2, "duplicate:sealed": 1}


def test_one_message_with_two_delivery_times_counts_at_the_earlier_and_is_noted() -> None:
    times = [START + timedelta(hours=30), START]
    for first, second in (times, times[::-1]):
        state, emitted = run([status(CONTACT, "wamid.1", first), status(CONTACT, "wamid.1", second)])
        assert standing(emitted) == [(START, 1)]
        (note,) = (note for note in emitted if isinstance(note, MeterNoted))
        assert (note.note, note.stands_at) == (Note.CONFLICT, START)
        assert state.tally == {"counted": 1, "duplicate:conflict": 1}


def test_a_time_that_has_not_come_waits_and_then_counts() -> None:
    clock = START
    read_at = meter(ZONE, SETTLING, now=lambda _: clock)
    ahead = status(CONTACT, "wamid.1", START + timedelta(hours=2))
    skewed = status(CONTACT, "wamid.2", START + timedelta(minutes=5))
    nonsense = status(CONTACT, "wamid.3", START + timedelta(days=11))
    said: list[Event] = []
    state: Meter | None = None
    for event in (ahead, ahead, skewed, nonsense):
        decision = read_at(state, event)
        state, said = decision.state, said + [output for _, output in decision.outputs]
    assert state is not None
    assert state.tally == {
        "quarantined:ahead": 1, "duplicate": 1, "counted": 1, "quarantined:far_ahead": 1,
    }  # fmt: skip
    assert standing(said) == [(skewed.occurred_at, 1)]
    clock = START + timedelta(hours=3)
    decision = read_at(state, status(CONTACT, "wamid.4", START + timedelta(hours=3), DeliveryStatus.SENT))
    said += [output for _, output in decision.outputs]
    state = decision.state
    assert state is not None
    assert standing(said) == [(skewed.occurred_at, 2)]
    assert [note.note for note in said if isinstance(note, MeterNoted)] == [
        Note.HELD, Note.REFUSED, Note.RELEASED,
    ]  # fmt: skip
    assert state.received == sum(state.tally.values()) == 5
    assert state.tally["quarantined:ahead"] == 0
    assert state.held == []


def test_a_message_that_we_never_sent_counts_and_is_marked() -> None:
    theirs = status(CONTACT, "wamid.1", START)
    ours = status(CONTACT, "wamid.2", START + timedelta(hours=1)).model_copy(update={"message_id": "m"})
    _, emitted = run([theirs, ours])
    assert [(e.messages, e.ours) for e in emitted if isinstance(e, SessionChanged)] == [(1, False), (2, True)]


@given(MESSAGES, MESSAGES, st.integers(0, 90))
def test_joining_two_ids_gives_at_least_the_larger_and_at_most_the_sum_and_keeps_what_is_sealed(
    mine: list[tuple[int, int, bool, int, bool]],
    theirs: list[tuple[int, int, bool, int, bool]],
    day: int,
) -> None:
    alias = "b" * 32
    one, said = run(arriving([(hour, 0, False, 0, False) for hour, *_ in mine]))
    other = [
        status(alias, f"other.{number}", START + timedelta(hours=hour))
        for number, (hour, *_) in enumerate(sorted(theirs))
    ]
    latest = max([event.occurred_at for event in other] + ([one.latest] if one.latest else []))
    linked = ContactLinked(
        id="link", occurred_at=latest + timedelta(hours=day), contact_id=alias, correlation_id="link",
        alias_id=alias, canonical_id=CONTACT, merged=True, channel=Channel.WHATSAPP, account=ACCOUNT,
    )  # fmt: skip
    alone = len(standing(said)), len(oracle(event.occurred_at for event in other))
    closed, alias_said = run([*other, linked])
    moved = [event for event in alias_said if isinstance(event, MeterMoved)]
    late = 0
    if moved:
        _, more = run(moved, one)
        said += more
        late = sum(isinstance(event, MeterNoted) for event in more)
    assert sum(closed.sealed.sessions.values() if closed.sealed else [0]) == len(standing(alias_said))
    total = len(standing(said)) + len(standing(alias_said))
    assert max(alone) - late <= total <= sum(alone)
