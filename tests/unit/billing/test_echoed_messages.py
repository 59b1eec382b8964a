"""Messages written on the number's own telephone do not count, whichever comes first, echo or status."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from billing.domain.meter import Meter, meter
from support.meter_histories import counted, oracle, standing
from support.statuses import ACCOUNT, echo, status
from ventanilla.contracts.billing import MeterMoved, MeterNoted, Note
from ventanilla.contracts.channel import Channel, DeliveryStatus
from ventanilla.contracts.conversation import ContactLinked
from ventanilla.contracts.event import Event

START = datetime(2026, 10, 5, 15, tzinfo=UTC)
CONTACT, ALIAS = "a" * 32, "b" * 32
decide = meter(ZoneInfo("America/El_Salvador"))


def run(events: Sequence[Event], state: Meter | None = None) -> tuple[Meter, list[Event]]:
    emitted: list[Event] = []
    for event in events:
        decision = decide(state, event)
        assert decision.state is not None
        state = Meter.model_validate_json(decision.state.model_dump_json(exclude_none=True))
        emitted += [output for _, output in decision.outputs]
    assert state is not None
    return state, emitted


def test_a_status_that_comes_after_the_echo_does_not_count() -> None:
    read = status(CONTACT, "wamid.1", START + timedelta(days=20), DeliveryStatus.READ)
    state, said = run([echo(CONTACT, "wamid.1", START), status(CONTACT, "wamid.1", START), read])
    assert said == []
    assert state.tally == {"excluded:echoed": 2}


def test_an_echo_that_comes_after_the_delivery_takes_its_session_back() -> None:
    delivered = status(CONTACT, "wamid.1", START)
    state, said = run([delivered, delivered, echo(CONTACT, "wamid.1", START), delivered])
    assert standing(said) == []
    assert state.received == sum(state.tally.values()) == 3
    assert state.tally == {"counted": 0, "duplicate": 1, "excluded:echoed": 2}


def test_without_the_echoed_opener_the_next_message_opens_the_session() -> None:
    second = status(CONTACT, "wamid.2", START + timedelta(hours=1))
    _, said = run([status(CONTACT, "wamid.1", START), second, echo(CONTACT, "wamid.1", START)])
    assert standing(said) == [(second.occurred_at, 1)]


def test_an_echo_for_a_closed_month_edits_nothing_and_says_what_was_billed_too_much() -> None:
    late = echo(CONTACT, "wamid.1", START, came_at=START + timedelta(days=60))
    _, said = run([status(CONTACT, "wamid.1", START), late, late])
    assert standing(said) == [(START, 1)]
    (note,) = [one for one in said if isinstance(one, MeterNoted)]
    assert (note.note, note.reason, note.sessions_at_least, note.sessions_at_most) == (
        Note.ADJUSTMENT, "echoed", -1, -1,
    )  # fmt: skip


def test_an_echo_of_a_sealed_message_may_have_cost_a_session() -> None:
    later = status(CONTACT, "wamid.2", START + timedelta(days=20))
    _, said = run([status(CONTACT, "wamid.1", START), later, echo(CONTACT, "wamid.1", START)])
    assert [opened for opened, _ in standing(said)] == [START, later.occurred_at]
    (note,) = [one for one in said if isinstance(one, MeterNoted)]
    assert (note.reason, note.sessions_at_least, note.sessions_at_most) == ("echoed", -1, 0)


def test_echoes_follow_a_person_to_the_id_that_stands_for_both() -> None:
    linked = ContactLinked(
        id="link", occurred_at=START, contact_id=ALIAS, correlation_id="link", alias_id=ALIAS,
        canonical_id=CONTACT, merged=True, channel=Channel.WHATSAPP, account=ACCOUNT,
    )  # fmt: skip
    before, after = echo(ALIAS, "wamid.1", START), echo(ALIAS, "wamid.2", START)
    _, said = run([before, linked, after])
    moved = [one for one in said if isinstance(one, MeterMoved)]
    mine = [status(CONTACT, f"wamid.{n}", START + timedelta(hours=n)) for n in (1, 2, 3)]
    for history in ([*mine, *moved], [*moved, *mine]):
        _, said = run(history)
        assert standing(said) == [(mine[2].occurred_at, 1)]


MINUTES = st.integers(0, 4 * 1440)


@given(st.lists(st.tuples(st.integers(0, 6), MINUTES), max_size=15), st.sets(st.integers(0, 6)), st.data())
def test_in_any_order_the_sessions_are_those_of_the_messages_that_are_no_echoes(
    history: list[tuple[int, int]], echoed: set[int], data: st.DataObject
) -> None:
    statuses = {
        message: status(CONTACT, f"wamid.{message}", START + timedelta(minutes=minute))
        for message, minute in history
    }
    echoes = [echo(CONTACT, f"wamid.{message}", START) for message in sorted(echoed)]
    events = data.draw(st.permutations([*statuses.values(), *echoes, *statuses.values()]))
    state, said = run(events) if events else (Meter(channel=Channel.WHATSAPP, account=ACCOUNT), [])
    count = counted([one for message, one in statuses.items() if message not in echoed])
    assert [opened for opened, _ in standing(said)] == oracle(count)
    assert state.received == sum(state.tally.values()) == 2 * len(statuses)
    assert state.tally.get("counted", 0) == len(count)
