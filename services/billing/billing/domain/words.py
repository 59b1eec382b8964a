"""What a meter says beside its sessions: deliveries handed on, and notes on what it did not simply count."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from billing.domain.ledger import Rules
from billing.domain.state import Delivery, Meter
from ventanilla.contracts.billing import MeterMoved, MeterNoted, Note
from ventanilla.contracts.event import Event, derived_id
from ventanilla.stream.decision import Output
from ventanilla.topics import METER_MOVED, METER_NOTED


def message_hash(provider_message_id: str) -> str:
    """Sixteen hexadecimal digits: enough to tell one contact's messages apart, and short to keep."""
    return sha256(provider_message_id.encode()).hexdigest()[:16]


def moved_on(
    to: str, deliveries: Mapping[str, Delivery], meter: Meter, cause: Event, through: list[str]
) -> Output:
    """Deliveries for the contact `to`; `through` has the contacts that handed them on before."""
    return (
        METER_MOVED,
        MeterMoved(
            id=derived_id("meter-moved", cause.id, to),
            occurred_at=cause.occurred_at,
            contact_id=to,
            correlation_id=cause.correlation_id,
            channel=meter.channel,
            account=meter.account,
            delivered={m: d.delivered for m, d in deliveries.items() if d.delivered is not None},
            seen={m: d.seen for m, d in deliveries.items() if d.seen is not None},
            conversations={m: d.conversation for m, d in deliveries.items() if d.conversation is not None},
            through=[*through, cause.contact_id],
        ),
    )


def noted(
    note: Note,
    message: str,
    news: Delivery,
    meter: Meter,
    cause: Event,
    rules: Rules,
    *,
    stands_at: datetime | None = None,
    sessions_at_most: int = 0,
) -> Output:
    """A note on `news`, which came with `cause`."""
    return (
        METER_NOTED,
        MeterNoted(
            id=derived_id("meter-note", note, message, cause.id),
            occurred_at=cause.occurred_at,
            contact_id=cause.contact_id,
            correlation_id=cause.correlation_id,
            note=note,
            channel=meter.channel,
            account=meter.account,
            message=message,
            at=news.counted_at,
            stands_at=stands_at,
            month=rules.month(news.counted_at),
            noted_in=rules.month(max(news.counted_at, meter.latest or news.counted_at)),
            sessions_at_most=sessions_at_most,
            cause_id=cause.id,
        ),
    )
