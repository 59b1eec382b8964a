"""What billing says of a month's allotment, for tests of those who obey it."""

from decimal import Decimal
from pathlib import Path

from ventanilla.clock import utc_now
from ventanilla.contracts.billing import AllotmentReached
from ventanilla.contracts.channel import Channel
from ventanilla.contracts.event import derived_id

CASE = Path("deploy/config/cnr.yaml")


def used_up(month: str, percent: int = 100) -> AllotmentReached:
    """So much of WhatsApp's month (YYYY-MM) is used."""
    identity = derived_id("allotment", f"whatsapp:{month}", str(percent))
    return AllotmentReached(
        id=identity,
        occurred_at=utc_now(),
        contact_id=f"whatsapp:{month}",
        correlation_id=identity,
        channel=Channel.WHATSAPP,
        month=month,
        threshold_percent=percent,
        used=280 * percent,
        allotment=28_000,
        cost=Decimal("3277.00"),
    )


def with_policy(folder: Path, policy: str) -> Path:
    """The case's file with another `at_exhaustion`."""
    text = CASE.read_text(encoding="utf-8")
    assert "at_exhaustion: go_on" in text
    path = folder / "own.yaml"
    path.write_text(text.replace("at_exhaustion: go_on", f"at_exhaustion: {policy}"), encoding="utf-8")
    return path
