"""A message on its way: its parts, its window, and when to try again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.deliveries.delivery import NOT_TRIED, new_delivery, window_is_closed
from ingest.deliveries.retry import RetryPolicy
from ventanilla.contracts.channel import (
    Author,
    Channel,
    DeliveryStatus,
    OutboundContent,
    OutboundMessage,
    StatusError,
    Template,
    TextOut,
)

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
WHY = StatusError(code="131026", title="Undeliverable")


def outbound(content: OutboundContent | None = None, until: datetime | None = None) -> OutboundMessage:
    return OutboundMessage(
        id="m1", occurred_at=NOW, contact_id="c1", correlation_id="k1", conversation_id="v1",
        channel=Channel.WHATSAPP, account="a1", author=Author(kind="bot"),
        content=content or TextOut(text="hola"), reply_window_until=until, cause_id="x",
    )  # fmt: skip


def test_parts_go_out_in_order() -> None:
    delivery = new_delivery(outbound(), 2, NOW)
    assert delivery.next_part == 0
    delivery = delivery.accepted(0, "w0", NOW)
    assert delivery.next_part == 1
    delivery = delivery.accepted(1, "w1", NOW)
    assert delivery.next_part is None
    assert [delivery.status(part, "k1").provider_message_id for part in (0, 1)] == ["w0", "w1"]


def test_after_a_part_that_failed_none_is_tried_and_each_says_so() -> None:
    delivery = new_delivery(outbound(), 3, NOW).accepted(0, "w0", NOW).failed(WHY, NOW)
    statuses = [delivery.status(part, "k1") for part in range(3)]
    assert [status.status for status in statuses] == ["accepted", "failed", "failed"]
    assert [status.error.code if status.error else None for status in statuses] == [None, "131026", NOT_TRIED]
    assert len({status.id for status in statuses}) == 3


def test_the_same_answer_is_the_same_event() -> None:
    delivery = new_delivery(outbound(), 1, NOW).accepted(0, "w0", NOW)
    assert delivery.status(0, "k1") == delivery.status(0, "k1")


@pytest.mark.parametrize(
    ("until", "closed"),
    [(None, False), (NOW + timedelta(seconds=1), False), (NOW, True), (NOW - timedelta(days=1), True)],
)
def test_free_text_is_for_inside_the_window(until: datetime | None, closed: bool) -> None:
    assert window_is_closed(outbound(until=until), NOW) is closed


def test_a_template_may_go_out_at_any_time() -> None:
    assert not window_is_closed(outbound(Template(name="x", language="es"), NOW - timedelta(days=9)), NOW)


@pytest.mark.parametrize(
    ("own", "told", "shown"),
    [
        (DeliveryStatus.ACCEPTED, DeliveryStatus.READ, DeliveryStatus.READ),
        (DeliveryStatus.ACCEPTED, DeliveryStatus.FAILED, DeliveryStatus.FAILED),
        (DeliveryStatus.FAILED, DeliveryStatus.SENT, DeliveryStatus.FAILED),
        (DeliveryStatus.REFUSED, DeliveryStatus.FAILED, DeliveryStatus.REFUSED),
        (None, DeliveryStatus.DELIVERED, DeliveryStatus.DELIVERED),
    ],
)
def test_a_part_never_goes_backwards(
    own: DeliveryStatus | None, told: DeliveryStatus, shown: DeliveryStatus
) -> None:
    part = new_delivery(outbound(), 1, NOW).parts[0].model_copy(update={"status": own})
    assert part.advanced(told.rank, None).status is shown


POLICY = RetryPolicy(timedelta(minutes=10), timedelta(seconds=60))


@given(st.integers(1, 10_000), st.floats(0, 0.999), st.floats(0, 1e6))
def test_pauses_grow_to_the_limit_and_end_in_time(failures: int, chance: float, elapsed: float) -> None:
    pause = POLICY.pause(failures, None, chance, elapsed)
    if elapsed >= 600:
        assert pause is None
    if pause is not None:
        assert 0 <= pause <= min(60, 0.5 * 2.0 ** min(failures - 1, 30))
        assert elapsed + pause < 600


def test_the_providers_wish_is_never_undercut() -> None:
    assert POLICY.pause(1, 30.0, 0.5, 0.0) == 30.0
    assert POLICY.pause(1, 0.0, 0.5, 0.0) == 0.25


def test_a_wish_beyond_our_patience_is_giving_up() -> None:
    assert POLICY.pause(1, 3600.0, 0.5, 0.0) is None
