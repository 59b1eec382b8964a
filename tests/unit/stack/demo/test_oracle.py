"""The second way to work out sessions says what the rule says."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from stack.demo.oracle import SESSION, percentile, sessions

START = datetime(2026, 11, 1, tzinfo=UTC)

moments = st.lists(
    st.integers(0, 5 * 24 * 3600).map(lambda seconds: START + timedelta(seconds=seconds)), max_size=30
)


def test_a_message_at_the_end_of_a_session_opens_the_next() -> None:
    assert sessions([START, START + SESSION - timedelta(seconds=1), START + SESSION]) == [
        (START, 2),
        (START + SESSION, 1),
    ]


@given(moments, st.randoms())
def test_order_does_not_matter_and_every_message_is_in_one_session(
    delivered: list[datetime], chance: object
) -> None:
    found = sessions(delivered)
    shuffled = list(delivered)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert sessions(shuffled) == found
    assert sum(messages for _, messages in found) == len(delivered)
    for moment in delivered:
        assert sum(opened <= moment < opened + SESSION for opened, _ in found) == 1


@given(moments.filter(bool))
def test_sessions_open_at_messages_and_never_overlap(delivered: list[datetime]) -> None:
    openings = [opened for opened, _ in sessions(delivered)]
    assert openings[0] == min(delivered)
    assert set(openings) <= set(delivered)
    assert all(later - earlier >= SESSION for earlier, later in pairwise(openings))


def test_percentiles_are_by_nearest_rank() -> None:
    assert percentile([], 0.5) == 0
    assert percentile([7], 0.99) == 7
    assert percentile(range(1, 101), 0.50) == 50
    assert percentile(range(1, 101), 0.99) == 99
    assert percentile(range(1, 1001), 0.99) == 990
