"""The second way to work out sessions says what the rule says."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st

from billing.plans.loader import load_plan
from billing.plans.models import Unit
from billing.plans.pricing import Used, as_if
from stack.demo.oracle import SESSION, month_cost, percentile, sessions
from ventanilla.contracts.channel import Channel

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


@given(st.sampled_from(["movistar", "tigo"]), st.integers(0, 70_000))
def test_the_second_way_to_price_a_month_says_what_billing_says(name: str, used: int) -> None:
    path = Path(f"deploy/config/plans/{name}.yaml")
    file = yaml.safe_load(path.read_text(encoding="utf-8"))
    by_billing = as_if(load_plan(path), "2026-11", [Used("1", Channel.WHATSAPP, Unit.SESSION, used)])
    assert month_cost(file, "2026-11", used) == by_billing.total
    assert str(month_cost(None, "2026-11", used)) == "0.00"
