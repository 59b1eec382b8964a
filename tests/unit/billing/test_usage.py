"""One month's events in both units, and what the month would have cost under every plan."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from billing.plans.models import Unit
from billing.plans.pricing import Used
from billing.plans.usage import message_usage, session_usage
from stack.cli import app
from support.exports import export_file
from support.statuses import ACCOUNT, status
from ventanilla.contracts.channel import Channel, DeliveryStatus, MessageStatus, ProviderPricing

ZONE = ZoneInfo("America/El_Salvador")
AT = datetime(2026, 11, 10, 15, 0, tzinfo=UTC)


def priced(
    message: str,
    at: datetime = AT,
    *,
    category: str = "service",
    word: DeliveryStatus = DeliveryStatus.DELIVERED,
    account: str = ACCOUNT,
) -> MessageStatus:
    pricing = ProviderPricing(billable=True, model="PMP", category=category, type="regular")
    return status("contact", message, at, word, account).model_copy(update={"pricing": pricing})


def test_a_message_counts_once_with_its_category_in_its_month() -> None:
    sent, delivered, read = (
        priced("wamid.1", AT + timedelta(seconds=place), word=word)
        for place, word in enumerate((DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ))
    )
    usage = message_usage([sent, delivered, read, delivered, priced("wamid.2", category="UTILITY")], ZONE)
    assert usage == {
        "2026-11": [
            Used(ACCOUNT, Channel.WHATSAPP, Unit.MESSAGE, 1, "service", "regular"),
            Used(ACCOUNT, Channel.WHATSAPP, Unit.MESSAGE, 1, "utility", "regular"),
        ]
    }


def test_a_month_is_the_institutions() -> None:
    before, after = datetime(2026, 12, 1, 5, 59, 59, tzinfo=UTC), datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
    usage = message_usage([priced("wamid.1", before), priced("wamid.2", after)], ZONE)
    assert list(usage) == ["2026-11", "2026-12"]


def test_what_was_not_delivered_counts_nothing_and_what_has_no_category_is_shown_as_such() -> None:
    failed = status("contact", "wamid.1", AT, DeliveryStatus.FAILED)
    bare = status("contact", "wamid.2", AT, DeliveryStatus.READ)
    (used,) = message_usage([failed, bare], ZONE)["2026-11"]
    assert (used.quantity, used.category, used.pricing_type) == (1, "unknown", None)


WORDS = [DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ, DeliveryStatus.FAILED]

statuses = st.builds(
    lambda message, minutes, kind, pricing: status(
        "contact", f"wamid.{message}", AT + timedelta(minutes=minutes), kind
    ).model_copy(update={"pricing": pricing}),
    st.integers(0, 5),
    st.integers(0, 60 * 24 * 40),
    st.sampled_from(
        [DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ, DeliveryStatus.FAILED]
    ),
    st.none()
    | st.builds(
        ProviderPricing,
        category=st.sampled_from(["service", "Utility"]),
        type=st.sampled_from([None, "regular", "free_entry_point"]),
    ),
)


@given(st.lists(statuses, max_size=25), st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_changes_the_usage(history: list[MessageStatus], random: Any) -> None:
    expected = message_usage(history, ZONE)
    other = history + random.choices(history, k=5) if history else []
    random.shuffle(other)
    assert message_usage(other, ZONE) == expected
    reached = {one.provider_message_id for one in history if one.status.value in ("delivered", "read")}
    assert sum(used.quantity for month in expected.values() for used in month) == len(reached)


def test_sessions_are_counted_by_month_channel_and_account() -> None:
    opened = [("2026-11", Channel.WHATSAPP, "a"), ("2026-11", Channel.WHATSAPP, "a")]
    assert session_usage(opened) == {"2026-11": [Used("a", Channel.WHATSAPP, Unit.SESSION, 2)]}


def test_finance_sees_what_a_month_would_have_cost_under_every_plan(tmp_path: Path) -> None:
    history = [priced(f"wamid.{place}", AT + timedelta(seconds=place)) for place in range(1_100)]
    rehearsal = priced("wamid.r", AT, account="106540352242999")
    file = export_file(tmp_path, [*history, *history[:50], rehearsal])
    result = CliRunner().invoke(app, ["compare", str(file), "--json"])
    assert result.exit_code == 0, result.output
    month = json.loads(result.stdout)["2026-11"]
    assert (month["sessions"], month["messages"]) == (1, 1_100)
    totals = {name: plan["total"] for name, plan in month["plans"].items()}
    assert totals == {"movistar": "3277.00", "tigo": "3226.20", "meta-2026": "1.13"}
    assert month["plans"]["movistar"]["prices_of"] == "2023-05"
    assert month["plans"]["meta-2026"]["assumed"]
    text = " ".join(CliRunner().invoke(app, ["compare", str(file)], env={"COLUMNS": "100"}).stdout.split())
    assert "Movistar has no prices for 2026-11: those of 2023-05 on were taken." in text
    assert "Assumed for Meta" in text


def test_a_file_that_is_not_there_is_told_so(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["compare", str(tmp_path / "none.jsonl")])
    assert result.exit_code == 2
    assert "cannot be read" in result.stderr
