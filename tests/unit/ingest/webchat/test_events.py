"""What the rest of the system is told of a visitor's message and of our answers."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ingest.channels.webchat import events
from ingest.channels.webchat.outbox import Progress, to_milliseconds
from ingest.channels.webchat.protocol import ClientMessage
from ingest.channels.webchat.socket import HISTORY, replay_from
from ingest.channels.webchat.visitors import Visitor
from ventanilla.contracts.channel import Channel, DeliveryStatus, Text
from ventanilla.contracts.event import derived_id

VISITOR = Visitor("web", "5f0c1d2e3a4b")
CONTACT = "c" * 32
NOW = datetime(2026, 11, 25, 14, 0, 0, 123456, tzinfo=UTC)
FRAME = ClientMessage(type="message", client_id="abcd1234", text="como va mi marca")


def test_the_event_of_a_message() -> None:
    message = events.message_of_visitor(VISITOR, CONTACT, FRAME, NOW)
    event = events.received(VISITOR, message, received_at=NOW)
    assert event.id == derived_id("received", "webchat", "web", VISITOR.id, "abcd1234")
    assert (event.channel, event.account, event.contact_id) == (Channel.WEBCHAT, "web", CONTACT)
    assert event.content == Text(text="como va mi marca")
    assert event.occurred_at == NOW


def test_the_same_message_again_is_the_same_event_with_its_first_time() -> None:
    first = events.message_of_visitor(VISITOR, CONTACT, FRAME, NOW)
    again = events.message_of_visitor(VISITOR, CONTACT, FRAME, NOW + timedelta(minutes=5))
    assert again.id == first.id
    event = events.received(VISITOR, first, received_at=NOW + timedelta(minutes=5))
    assert event.occurred_at == NOW


def test_the_event_shows_no_more_of_the_visitor_than_a_hint() -> None:
    message = events.message_of_visitor(VISITOR, CONTACT, FRAME, NOW)
    assert VISITOR.id not in events.received(VISITOR, message, NOW).model_dump_json()


def test_statuses_have_one_id_for_each_step() -> None:
    message = events.message_of_visitor(VISITOR, CONTACT, FRAME, NOW)
    steps = [DeliveryStatus.DELIVERED, DeliveryStatus.READ]
    ids = [events.status("web", message, step, NOW).id for step in steps]
    assert len(set(ids)) == 2
    assert ids[0] == events.status("web", message, DeliveryStatus.DELIVERED, NOW + timedelta(1)).id


def test_times_have_the_precision_that_the_store_keeps() -> None:
    assert to_milliseconds(NOW).microsecond == 123000


def test_where_a_browser_goes_on() -> None:
    assert replay_from(3, Progress(last=7, delivered=3)) == 3
    assert replay_from(0, Progress()) == 0
    assert replay_from(0, Progress(last=HISTORY + 10, delivered=HISTORY + 10)) == 10
    # More was said than the history shows, and no browser ever had it.
    assert replay_from(0, Progress(last=HISTORY + 10, delivered=4)) == 4
    # The conversation was purged since.
    assert replay_from(90, Progress(last=2, delivered=2)) == 0


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500))
def test_nothing_that_a_browser_lacks_is_left_out(last_seq: int, last: int, delivered: int) -> None:
    delivered = min(delivered, last)
    start = replay_from(last_seq, Progress(last=last, delivered=delivered))
    assert 0 <= start <= last
    if last_seq == 0:
        assert start <= delivered
    elif last_seq <= last:
        assert start == last_seq
