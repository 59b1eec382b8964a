"""The meter's oracle, and what a stranger makes of what it publishes."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from ventanilla.contracts.billing import SessionChange, SessionChanged
from ventanilla.contracts.channel import DeliveryStatus, MessageStatus
from ventanilla.contracts.event import Event


def oracle(moments: Iterable[datetime]) -> list[datetime]:
    """Where sessions open: the first message, then each first one 24 hours or more after the last opening."""
    opened: list[datetime] = []
    for moment in sorted(moments):
        if not opened or moment - opened[-1] >= timedelta(hours=24):
            opened.append(moment)
    return opened


def counted(history: Iterable[MessageStatus]) -> list[datetime]:
    """The set: for each message the earliest `delivered`, else the earliest `read` or `played`."""
    delivered: dict[str | None, datetime] = {}
    seen: dict[str | None, datetime] = {}
    for one in history:
        if one.status is DeliveryStatus.DELIVERED:
            key = one.provider_message_id
            delivered[key] = min(delivered.get(key, one.occurred_at), one.occurred_at)
        elif one.status in (DeliveryStatus.READ, DeliveryStatus.PLAYED):
            key = one.provider_message_id
            seen[key] = min(seen.get(key, one.occurred_at), one.occurred_at)
    return list((seen | delivered).values())


def last_words(emitted: Iterable[Event]) -> dict[str, SessionChanged]:
    """The latest revision of each session. A revision may come again, but only with the same words."""
    latest: dict[str, SessionChanged] = {}
    said: dict[str, SessionChanged] = {}
    for change in emitted:
        if isinstance(change, SessionChanged):
            assert said.setdefault(change.id, change) == change
            known = latest.get(change.session_id)
            if known is None or change.revision > known.revision:
                assert change.revision == (known.revision if known else 0) + 1, "a revision is missing"
                latest[change.session_id] = change
    return latest


def standing(emitted: Iterable[Event]) -> list[tuple[datetime, int]]:
    """Where the sessions that stand open, and how many messages each has."""
    return sorted(
        (change.opened_at, change.messages)
        for change in last_words(emitted).values()
        if change.change is not SessionChange.VOIDED
    )


def as_they_arrive(history: Sequence[MessageStatus], delays: Sequence[timedelta]) -> list[MessageStatus]:
    """Each status so long after its time; of two at one moment the first in the list comes first."""
    came = [
        one.model_copy(update={"received_at": one.occurred_at + delay})
        for one, delay in zip(history, delays, strict=True)
    ]
    return sorted(came, key=lambda one: one.received_at or one.occurred_at)
