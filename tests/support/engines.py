"""Where a test finds Kafka and MongoDB."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RunningEngines:
    """Where Kafka and MongoDB answer."""

    kafka: str
    """Bootstrap string, `host:port`."""
    mongo: str
    """URL, `mongodb://host:port`."""
