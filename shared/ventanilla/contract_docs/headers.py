"""The headers of every record, as `ventanilla.stream.records` writes them: CloudEvents' binary Kafka mode."""

from dataclasses import dataclass

from ventanilla.topics import Topic


@dataclass(frozen=True)
class Header:
    """One header; its value is UTF-8 text. `const` is the only value that it ever has on a topic."""

    name: str
    meaning: str
    const: str | None = None
    format: str | None = None
    pattern: str | None = None


def headers(topic: Topic) -> list[Header]:
    """Those of every record on `topic`."""
    return [
        Header("ce_specversion", "The version of CloudEvents", const="1.0"),
        Header("ce_id", "The event's `id`: the same after a replay, so whoever saw it can tell"),
        Header("ce_type", "The topic's name", const=topic.name),
        Header("ce_source", "The service that wrote it", const=f"/ventanilla/{topic.producer}"),
        Header("ce_time", "The event's `occurred_at`", format="date-time"),
        Header("content-type", "What the value is", const="application/json"),
        Header(
            "traceparent",
            "W3C trace context: one trace for each `correlation_id`",
            pattern="^00-[0-9a-f]{32}-[0-9a-f]{16}-01$",
        ),
    ]
