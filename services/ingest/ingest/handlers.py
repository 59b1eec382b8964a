"""What ingest consumes: messages to deliver, and what became of them."""

from collections.abc import Sequence

from ingest.deliveries.worker import Worker
from ingest.store.deliveries import Deliveries
from ventanilla.contracts.channel import MessageStatus
from ventanilla.contracts.event import Event
from ventanilla.stream import Stream
from ventanilla.topics import OUTBOUND, STATUS

_IN_FLIGHT = 2_000
"""Many of them may be waiting for their next try; those must not hold up the others."""
_COLLECT_SECONDS = 0.25
"""Nobody waits for what became of a message to be kept."""


def consume(stream: Stream, worker: Worker, deliveries: Deliveries) -> None:
    """Offsets are committed after a message is accepted, failed or refused; a status's after it is kept."""

    async def advance(events: Sequence[Event]) -> None:
        await deliveries.advance([event for event in events if isinstance(event, MessageStatus)])

    stream.ordered("deliveries", OUTBOUND, worker.deliver, in_flight=_IN_FLIGHT)
    stream.each_batch("delivery-statuses", [STATUS], advance, collect_seconds=_COLLECT_SECONDS)
