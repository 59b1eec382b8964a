"""What billing consumes: statuses into meters, and its own sessions into what the API reads."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from billing.domain.meter import Meter, meter, received_at
from billing.metrics import REASONS, RECEIVED, RELEASED, STATUSES
from billing.store import Ledger, Places, Sessions
from billing.store.meters import COLLECTION, field
from ventanilla.clock import utc_now
from ventanilla.contracts.billing import MeterNoted, SessionChanged
from ventanilla.contracts.conversation import ContactLinked, ConversationChanged
from ventanilla.contracts.event import Event
from ventanilla.institution import Institution
from ventanilla.moments import written
from ventanilla.stream import Decision, KeyedState, Stream
from ventanilla.topics import (
    CONTACT_LINKED,
    ECHOED,
    LIFECYCLE,
    METER_DUE,
    METER_MOVED,
    METER_NOTED,
    SESSION,
    STATUS,
)

METERS = "meters"
METER_INPUTS = (STATUS, ECHOED, CONTACT_LINKED, METER_MOVED, METER_DUE)
_COLLECT_SECONDS = 0.25
"""No citizen waits for the meter."""


def consume(
    stream: Stream,
    institution: Institution,
    sessions: Sessions,
    places: Places,
    ledger: Ledger,
    on_sessions: Callable[[], None],
) -> KeyedState[Meter]:
    """The meter is exactly once in effect. The read model follows `billing.session.v1` like any stranger.

    `on_sessions` is called when the read model has changed.
    """
    metering = institution.metering
    rule = meter(
        institution.zone,
        metering.settling,
        metering.clock_skew,
        now=reading_clock(institution),
        came_at=arrival_clock(institution),
    )

    def decide(state: Meter | None, event: Event) -> Decision[Meter]:
        decision = rule(state, event)
        count(state, decision.state)
        return decision

    async def project(events: Sequence[Event]) -> None:
        changes = [event for event in events if isinstance(event, SessionChanged)]
        await sessions.apply(changes)
        await places.join({one.conversation_id for one in changes if one.conversation_id is not None})
        on_sessions()

    async def append(events: Sequence[Event]) -> None:
        await ledger.append([event for event in events if isinstance(event, SessionChanged)])

    async def note(events: Sequence[Event]) -> None:
        await ledger.note([event for event in events if isinstance(event, MeterNoted)])

    async def link(events: Sequence[Event]) -> None:
        await sessions.link([event for event in events if isinstance(event, ContactLinked)])

    async def place(events: Sequence[Event]) -> None:
        await places.learn([event for event in events if isinstance(event, ConversationChanged)])

    stream.each_batch("sessions", [SESSION], project, collect_seconds=_COLLECT_SECONDS)
    stream.each_batch("ledger", [SESSION], append, collect_seconds=_COLLECT_SECONDS)
    stream.each_batch("notes", [METER_NOTED], note, collect_seconds=_COLLECT_SECONDS)
    stream.each_batch("places", [LIFECYCLE], place, collect_seconds=_COLLECT_SECONDS)
    stream.each_batch("aliases", [CONTACT_LINKED], link, collect_seconds=_COLLECT_SECONDS)
    return stream.keyed(
        METERS, METER_INPUTS, collection=COLLECTION, state=Meter, decide=decide,
        indexed=lambda state: indexed(state, metering.clock_skew), collect_seconds=_COLLECT_SECONDS,
    )  # fmt: skip


def indexed(state: Meter, clock_skew: timedelta) -> dict[str, Any]:
    """What is asked of all meters: when the next held status is due, and what became of every status read."""
    due_at = state.due_at
    return {
        "due_at": None if due_at is None else written(due_at - clock_skew),
        "channel": state.channel.value,
        "account": state.account,
        "received": state.received,
        "tally": {field(outcome): count for outcome, count in state.tally.items()},
    }


def count(before: Meter | None, after: Meter | None) -> None:
    """A status that is decided again after a lost write is counted again: these figures are for watching.

    What is exact is each meter's own tally, which is written with its sessions.
    """
    if after is None or after is before:
        return
    RECEIVED.inc(after.received - (0 if before is None else before.received))
    known = {} if before is None else before.tally
    for key, value in after.tally.items():
        more = value - known.get(key, 0)
        if more < 0:
            RELEASED.inc(-more)
        elif more > 0:
            outcome, _, reason = key.partition(":")
            STATUSES.labels(outcome).inc(more)
            REASONS.labels(outcome, reason or outcome).inc(more)


def reading_clock(institution: Institution) -> Callable[[Event], datetime]:
    """When an event is read: by the wall clock, and on a replay account at the event's own time."""
    replayed = _replayed(institution)
    return lambda event: event.occurred_at if replayed(event) else utc_now()


def arrival_clock(institution: Institution) -> Callable[[Event], datetime]:
    """When an event came: as it says, else when it is read; on a replay account at the event's own time."""
    replayed = _replayed(institution)
    return lambda event: event.occurred_at if replayed(event) else received_at(event) or utc_now()


def _replayed(institution: Institution) -> Callable[[Event], bool]:
    accounts = {(one.channel, one.id) for one in institution.accounts if one.replay}
    return lambda event: (getattr(event, "channel", None), getattr(event, "account", None)) in accounts
