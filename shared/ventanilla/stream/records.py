"""Between an event and a Kafka record: CloudEvents' Kafka binding, binary mode.

The value is the event's JSON; `ce_id`, `ce_type`, `ce_source`, `ce_time`, `ce_specversion` and a W3C
`traceparent` are headers. See https://github.com/cloudevents/spec (kafka-protocol-binding).
"""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from pydantic import ValidationError

from ventanilla.contracts.event import Event
from ventanilla.stream.decision import Output


class UndecodableError(Exception):
    """A record's value is not what its topic's contract says. The message holds no part of the value."""


class Encoded(NamedTuple):
    """A record ready to be sent."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


def traceparent(correlation_id: str, event_id: str) -> bytes:
    """W3C trace context, derived: one trace for each correlation id, one span for each event."""
    return f"00-{_digest(correlation_id)[:32]}-{_digest(event_id)[:16]}-01".encode()


@lru_cache(maxsize=4096)  # what one event causes has its correlation id, and often its id is that one
def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def encode(output: Output, source: bytes) -> Encoded:
    """`source` names the service that emits, e.g. b"/ventanilla/router"."""
    topic, event = output
    return Encoded(
        topic.name,
        event.contact_id.encode(),
        # Absent says the same in fewer bytes; `model_dump_json` would decode them to a text first.
        event.__pydantic_serializer__.to_json(event, exclude_none=True),
        [
            ("ce_specversion", b"1.0"),
            ("ce_id", event.id.encode()),
            ("ce_type", topic.name.encode()),
            ("ce_source", source),
            ("ce_time", event.occurred_at.isoformat().encode()),
            ("content-type", b"application/json"),
            ("traceparent", traceparent(event.correlation_id, event.id)),
        ],
    )


def decode(record: Any, kinds: Mapping[str, type[Event]]) -> Event:
    """The event of a consumed record, by its topic. Raises `UndecodableError`."""
    if record.value is None:
        raise UndecodableError("the record has no value")
    try:
        event = kinds[record.topic].model_validate_json(record.value)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(step) for step in problem['loc'])}: {problem['type']}"
            for problem in error.errors(include_input=False, include_url=False, include_context=False)[:5]
        )
        raise UndecodableError(problems) from None
    if record.key is None or record.key.decode(errors="replace") != event.contact_id:
        raise UndecodableError("the record's key is not the event's contact_id")
    return event
