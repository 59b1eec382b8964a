"""What billing consumes: statuses into meters, and its own sessions into what the API reads."""

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from billing.domain.meter import Meter, counts, meter
from billing.metrics import STATUSES
from billing.store import Sessions
from ventanilla.contracts.billing import SessionChanged
from ventanilla.contracts.channel import MessageStatus
from ventanilla.contracts.conversation import ContactLinked
from ventanilla.contracts.event import Event
from ventanilla.stream import Decision, KeyedState, Stream
from ventanilla.topics import CONTACT_LINKED, METER_MOVED, SESSION, STATUS


def consume(
    stream: Stream, zone: ZoneInfo, sessions: Sessions, on_sessions: Callable[[], None]
) -> KeyedState[Meter]:
    """The meter is exactly once in effect. The read model follows `billing.session.v1` like any stranger.

    `on_sessions` is called when the read model has changed.
    """
    rule = meter(zone)

    def decide(state: Meter | None, event: Event) -> Decision[Meter]:
        decision = rule(state, event)
        if isinstance(event, MessageStatus):
            count(event, state, decision)
        return decision

    async def project(events: Sequence[Event]) -> None:
        await sessions.apply([event for event in events if isinstance(event, SessionChanged)])
        on_sessions()

    async def link(events: Sequence[Event]) -> None:
        await sessions.link([event for event in events if isinstance(event, ContactLinked)])

    stream.each_batch("sessions", [SESSION], project)
    stream.each_batch("aliases", [CONTACT_LINKED], link)
    return stream.keyed(
        "meters", [STATUS, CONTACT_LINKED, METER_MOVED],
        collection="billing_meters", state=Meter, decide=decide,
    )  # fmt: skip


_COUNTED, _KNOWN, _NOT_DELIVERED, _MOVED = (
    STATUSES.labels(outcome) for outcome in ("counted", "known", "not_delivered", "moved")
)


def count(status: MessageStatus, before: Meter | None, decision: Decision[Meter]) -> None:
    """A status that is decided again after a lost write is counted again: these figures are for watching."""
    if not counts(status):
        _NOT_DELIVERED.inc()
    elif before is not None and before.moved_to is not None:
        _MOVED.inc()
    elif decision.state is before:
        _KNOWN.inc()
    else:
        _COUNTED.inc()
