"""It adds up, or it is told: by the meters' own count, and against the broker's."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

import billing.metrics  # noqa: F401  the figures that the rules ask for
from billing.domain.accounting import OUTCOMES, Account, Accounting, Handed, handed
from billing.domain.meter import Meter, meter
from support.statuses import echo, status
from ventanilla.contracts.channel import DeliveryStatus
from ventanilla.contracts.event import Event

START = datetime(2026, 10, 5, tzinfo=UTC)
IDLE = Handed(done=10, dead_letters=1, waiting=0, moving=False)


def account(received: int, **outcomes: int) -> Account:
    return Account("whatsapp", "1", received, outcomes)


def test_what_adds_up_adds_up() -> None:
    assert Accounting([account(9, counted=5, duplicate=4)], IDLE).unaccounted == 0


def test_a_status_without_an_outcome_is_told() -> None:
    assert Accounting([account(9, counted=5, duplicate=3)], IDLE).unaccounted == 1


def test_a_record_that_no_meter_read_is_told_also_while_the_meter_works() -> None:
    few = [account(8, counted=8)]
    assert Accounting(few, IDLE).missing == 1
    assert Accounting(few, Handed(done=10, dead_letters=1, waiting=5, moving=True)).missing == 1


def test_what_is_in_hand_is_not_missing_and_is_told_once_the_meter_rests() -> None:
    more = [account(12, counted=12)]
    assert Accounting(more, Handed(done=10, dead_letters=1, waiting=5, moving=True)).unaccounted == 0
    assert Accounting(more, IDLE).unaccounted == 3


def test_the_brokers_count_begins_where_the_meter_began() -> None:
    found = handed([(105, 110), (7, 7)], [(106, 110), (7, 7)], begun_at=100, dead_letters=2)
    assert found == Handed(done=12, dead_letters=2, waiting=4, moving=True)
    assert found.metered == 10


def test_reasons_are_told_apart() -> None:
    one = Account("whatsapp", "1", 6, {"duplicate": 2, "duplicate:conflict": 1, "excluded:echoed": 3})
    assert one.reasons("duplicate") == {"again": 2, "conflict": 1}
    assert (one.of("duplicate"), one.of("excluded"), one.unexplained) == (3, 3, 0)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 5),
            st.integers(0, 60 * 24),
            st.sampled_from(DeliveryStatus),
            st.integers(-20 * 24, 60 * 24),
            st.booleans(),
        ),
        max_size=30,
    )
)
def test_whatever_comes_has_one_of_the_outcomes_that_are_summed_up(
    history: list[tuple[int, int, DeliveryStatus, int, bool]],
) -> None:
    now = START + timedelta(days=30)
    decide = meter(ZoneInfo("America/El_Salvador"), now=lambda event: now)
    state: Meter | None = None
    statuses = 0
    for message, hour, kind, late, echoed in history:
        at = START + timedelta(hours=hour)
        event: Event = (
            echo("a" * 32, f"wamid.{message}", at, at + timedelta(hours=late))
            if echoed
            else status("a" * 32, f"wamid.{message}", at, kind, came_at=at + timedelta(hours=late))
        )
        statuses += not echoed
        state = decide(state, event).state
    if state is not None:
        assert state.tally.keys() <= set(OUTCOMES)
        assert state.received == sum(state.tally.values()) == statuses


def test_the_alert_asks_for_a_figure_that_there_is() -> None:
    rules = yaml.safe_load(Path("deploy/prometheus/alerts.yaml").read_text(encoding="utf-8"))
    known = {metric.name for metric in REGISTRY.collect()}
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    assert alerts
    for rule in alerts:
        figure = rule["expr"].split()[0]
        assert figure in known
        assert {"alert", "for", "labels", "annotations"} <= rule.keys()
        assert {"summary", "description"} <= rule["annotations"].keys()
