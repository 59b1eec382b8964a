"""What is too much is turned away at once, and health says how that is going."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.gate import SMALL, Gate, OverloadedError


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_no_more_are_let_in_than_there_are_places(clock: Clock) -> None:
    gate = Gate("test", 2, clock=clock)
    with gate, gate:
        with pytest.raises(OverloadedError), gate:
            pytest.fail("a third one was let in")
        with pytest.raises(OverloadedError):
            gate.check()
    gate.check()


def test_a_place_is_free_again_whatever_happened_in_it(clock: Clock) -> None:
    gate = Gate("test", 1, clock=clock)
    with pytest.raises(ZeroDivisionError), gate:
        raise ZeroDivisionError
    gate.check()


def test_small_requests_never_wait_for_the_room_of_large_ones(clock: Clock) -> None:
    gate = Gate("test", 100, large_bytes=3 * SMALL, clock=clock)
    large = gate.room()
    large.hold(3 * SMALL)
    gate.room().hold(SMALL)
    with pytest.raises(OverloadedError) as refused:
        gate.room().hold(SMALL + 1)
    assert refused.value.reason == "bytes"
    large.leave()
    gate.room().hold(SMALL + 1)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 10 * SMALL)), max_size=60))
def test_never_more_bytes_than_there_may_be_and_none_left_when_all_have_gone(
    growth: list[tuple[int, int]],
) -> None:
    limit = 12 * SMALL
    gate = Gate("test", 100, large_bytes=limit)
    rooms = [gate.room() for _ in range(6)]
    sizes = [0] * 6
    for which, more in growth:
        try:
            rooms[which].hold(sizes[which] + more)
            sizes[which] += more
        except OverloadedError:
            rooms[which].leave()
            sizes[which] = 0
        assert sum(size for size in sizes if size > SMALL) <= limit
    for room in rooms:
        room.leave()
    gate.room().hold(limit)


def test_a_strained_service_is_ready_and_says_that_it_turns_away(clock: Clock) -> None:
    gate = Gate("test", 1, clock=clock)
    assert gate.strain() is None
    for _ in range(12):
        with gate, pytest.raises(OverloadedError):
            gate.check()
        clock.now += 5
    said = gate.strain() or ""
    assert said.startswith("test: overloaded for 60 s: ")
    assert "0 of 1 places" in said
    assert gate.trouble() is None
    clock.now += 25
    assert gate.strain() is None


def test_where_nothing_can_be_kept_for_long_another_replica_should_be_tried(clock: Clock) -> None:
    gate = Gate("test", 1, clock=clock)
    for _ in range(4):
        gate.failed()
        assert gate.trouble() is None or clock.now >= 1_030
        clock.now += 10
    assert "nothing could be kept for 40 s" in (gate.trouble() or "")
    gate.kept()
    assert gate.trouble() is None


def test_when_nobody_has_tried_for_a_while_somebody_should(clock: Clock) -> None:
    gate = Gate("test", 1, clock=clock)
    for _ in range(5):
        gate.failed()
        clock.now += 10
    assert gate.trouble()
    clock.now += 15
    assert gate.trouble() is None
