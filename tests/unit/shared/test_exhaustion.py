"""What holds while the month's allotment is used up."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from ventanilla.contracts.billing import AllotmentReached
from ventanilla.contracts.channel import Channel
from ventanilla.exhaustion import AtExhaustion, Exhaustion
from ventanilla.institution import Institution

ACCOUNT, REPLAY = "106540352242922", "106540352242999"
MONTHS_END = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
"""Midnight in El Salvador."""


def institution(policy: str) -> Institution:
    file: dict[str, Any] = yaml.safe_load(Path("deploy/config/cnr.yaml").read_text(encoding="utf-8"))
    file["allotments"][0]["at_exhaustion"] = policy
    return Institution.model_validate(file)


def reached(percent: int, month: str = "2026-11") -> AllotmentReached:
    return AllotmentReached(
        id=f"{month}:{percent}", occurred_at=MONTHS_END, contact_id=f"whatsapp:{month}", correlation_id="c",
        channel=Channel.WHATSAPP, month=month, threshold_percent=percent, used=1, allotment=1,
        cost=Decimal(1),
    )  # fmt: skip


@pytest.mark.parametrize("policy", list(AtExhaustion))
def test_a_policy_holds_from_all_used_to_the_turn_of_the_month(policy: AtExhaustion) -> None:
    known = Exhaustion(institution(policy.value))
    before = MONTHS_END - timedelta(microseconds=1)
    for percent in (50, 80, 90):
        known.take(reached(percent))
        assert known.policy(Channel.WHATSAPP, ACCOUNT, before) is AtExhaustion.GO_ON
    known.take(reached(100))
    known.take(reached(100))
    assert known.policy(Channel.WHATSAPP, ACCOUNT, before) is policy
    assert known.policy(Channel.WHATSAPP, ACCOUNT, MONTHS_END) is AtExhaustion.GO_ON
    known.take(reached(100, "2026-12"))
    assert known.policy(Channel.WHATSAPP, ACCOUNT, MONTHS_END) is policy


def test_another_channel_and_a_rehearsal_go_on() -> None:
    known = Exhaustion(institution("bot_only"))
    known.take(reached(100))
    now = MONTHS_END - timedelta(days=1)
    assert known.policy(Channel.WEBCHAT, "web", now) is AtExhaustion.GO_ON
    assert known.policy(Channel.WHATSAPP, REPLAY, now) is AtExhaustion.GO_ON
    assert known.policy(Channel.WHATSAPP, ACCOUNT, now) is AtExhaustion.BOT_ONLY
