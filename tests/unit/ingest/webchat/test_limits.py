"""How much may be sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.channels.webchat.limits import Bucket, Buckets, Rate

RATE = Rate(burst=3, per_second=0.5)


def test_a_burst_passes_and_the_next_is_told_how_long_to_wait() -> None:
    bucket = Bucket(RATE, now=0)
    assert [bucket.wait(0) for _ in range(4)] == [0, 0, 0, 2.0]
    assert bucket.wait(1) == 1.0
    assert bucket.wait(2) == 0


def test_one_visitor_does_not_use_up_anothers() -> None:
    buckets = Buckets(RATE)
    for _ in range(5):
        buckets.wait("a", 0)
    assert buckets.wait("a", 0) > 0
    assert buckets.wait("b", 0) == 0


def test_a_million_addresses_take_no_more_memory_than_the_limit() -> None:
    buckets = Buckets(RATE, capacity=100)
    for number in range(1_000):
        buckets.wait(f"10.0.{number >> 8}.{number & 255}", 0)
    assert len(buckets) == 100


@given(
    st.floats(min_value=1, max_value=50),
    st.floats(min_value=0.1, max_value=20),
    st.lists(st.floats(min_value=-1, max_value=5), max_size=80),
)
def test_no_timing_gets_more_than_burst_and_rate(burst: float, per_second: float, steps: list[float]) -> None:
    bucket = Bucket(Rate(burst, per_second), now=0)
    now = latest = 0.0
    passed = 0
    for step in steps:
        now += step  # a clock that goes back gives nothing
        latest = max(latest, now)
        passed += bucket.wait(now) == 0
    assert passed <= burst + latest * per_second + 1e-6


@given(st.floats(min_value=0.1, max_value=20), st.integers(min_value=1, max_value=30))
def test_who_waits_as_told_gets_through(per_second: float, tries: int) -> None:
    bucket = Bucket(Rate(1, per_second), now=0)
    for _ in range(tries):
        bucket.wait(0)
    assert bucket.wait(bucket.wait(0)) == pytest.approx(0, abs=1e-9)
