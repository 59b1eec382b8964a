"""What a meter says beside its sessions: deliveries handed on, and notes on what it did not simply count."""

from collections.abc import Mapping, Sequence
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
    to: str,
    deliveries: Mapping[str, Delivery],
    meter: Meter,
    cause: Event,
    came_at: datetime,
    *,
    through: Sequence[str] = (),
    echoed: Sequence[str] = (),
) -> Output:
    """Deliveries and echoes for the contact `to`; `through` has the contacts that handed them on before."""
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
            facts={m: d.facts for m, d in deliveries.items() if d.facts is not None},
            echoed=list(echoed),
            came_at=came_at,
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
    came_at: datetime,
    stands_at: datetime | None = None,
    reason: str | None = None,
    sessions: tuple[int, int] = (0, 0),
) -> Output:
    """A note on `news`, which came with `cause`. `sessions` at least and at most."""
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
            noted_in=rules.month(max(news.counted_at, came_at, meter.latest or news.counted_at)),
            came_at=came_at,
            reason=reason,
            sessions_at_least=sessions[0],
            sessions_at_most=sessions[1],
            cause_id=cause.id,
        ),
    )
