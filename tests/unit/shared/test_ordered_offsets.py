"""Which offset may be committed while work finishes in any order."""

from hypothesis import given
from hypothesis import strategies as st

from ventanilla.stream.ordered import OffsetTracker


@given(st.sets(st.integers(0, 200), min_size=1), st.data())
def test_what_is_committable_never_passes_unfinished_work(offsets: set[int], data: st.DataObject) -> None:
    tracker = OffsetTracker()
    begun = sorted(offsets)
    for offset in begun:
        tracker.begin(offset)
    finished = data.draw(st.lists(st.sampled_from(begun), unique=True))
    for place, offset in enumerate(finished):
        tracker.finish(offset)
        done = set(finished[: place + 1])
        unfinished = [candidate for candidate in begun if candidate not in done]
        if tracker.committable is not None:
            assert all(candidate >= tracker.committable for candidate in unfinished)
    if set(finished) == offsets:
        assert tracker.committable == begun[-1] + 1
        assert len(tracker) == 0


def test_nothing_is_committable_before_anything_is_done() -> None:
    tracker = OffsetTracker()
    tracker.begin(7)
    tracker.begin(8)
    tracker.finish(8)
    assert tracker.committable is None
    tracker.finish(7)
    assert tracker.committable == 9
