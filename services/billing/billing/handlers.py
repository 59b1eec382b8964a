"""What billing consumes: statuses into meters, and its own sessions into what the API reads."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from billing.domain.meter import Meter, meter
from billing.store import Sessions
from ventanilla.contracts.billing import SessionChanged
from ventanilla.contracts.conversation import ContactLinked
from ventanilla.contracts.event import Event
from ventanilla.stream import Stream
from ventanilla.topics import CONTACT_LINKED, METER_MOVED, SESSION, STATUS


def consume(stream: Stream, zone: ZoneInfo, sessions: Sessions) -> None:
    """The meter is exactly once in effect. The read model follows `billing.session.v1` like any stranger."""
    stream.keyed(
        "meters", [STATUS, CONTACT_LINKED, METER_MOVED],
        collection="billing_meters", state=Meter, decide=meter(zone),
    )  # fmt: skip

    async def project(events: Sequence[Event]) -> None:
        await sessions.apply([event for event in events if isinstance(event, SessionChanged)])

    async def link(events: Sequence[Event]) -> None:
        await sessions.link([event for event in events if isinstance(event, ContactLinked)])

    stream.each_batch("sessions", [SESSION], project)
    stream.each_batch("aliases", [CONTACT_LINKED], link)
