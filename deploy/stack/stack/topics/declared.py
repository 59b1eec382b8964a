"""What every topic should be, and how what a broker has differs from it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ventanilla.topics import ALL, Topic, dead_letter_topics

DEAD_LETTER_PARTITIONS = 1
DEAD_LETTER_RETENTION_MS = 45 * 24 * 3600 * 1000
DEAD_LETTER_BYTES = 2 * 1024 * 1024
"""A letter holds a record as large as Kafka takes by default, 1 MiB, and says what was wrong with it: under
that same limit it could not be kept, and its partition would be tried again for ever."""

REPLICATION = "VENTANILLA_KAFKA_REPLICATION"
ACKNOWLEDGING = "VENTANILLA_KAFKA_MIN_INSYNC"

MIN_INSYNC = "min.insync.replicas"


class TopicsError(Exception):
    """The broker does not answer, or refuses a topic; or the environment asks for what cannot be."""


@dataclass(frozen=True)
class Copies:
    """How many brokers keep each record, and how many must have it before it is acknowledged."""

    replication: int = 1
    min_insync: int | None = None
    """None: all but one, so that one broker may be down."""

    @property
    def acknowledging(self) -> int:
        """`min.insync.replicas` of a topic with this replication."""
        return self.min_insync if self.min_insync is not None else max(1, self.replication - 1)


def copies_from(environment: Mapping[str, str]) -> Copies:
    """From VENTANILLA_KAFKA_REPLICATION and VENTANILLA_KAFKA_MIN_INSYNC. Raises `TopicsError`."""
    replication = _number(environment, REPLICATION)
    min_insync = _number(environment, ACKNOWLEDGING)
    copies = Copies(replication or 1, min_insync)
    if copies.acknowledging > copies.replication:
        raise TopicsError(
            f"{ACKNOWLEDGING} is {copies.acknowledging} and {REPLICATION} {copies.replication}: nothing "
            "could ever be written; lower the one or raise the other"
        )
    return copies


def _number(environment: Mapping[str, str], name: str) -> int | None:
    text = environment.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 100):
        raise TopicsError(f"{name} is {text!r}; write a number of brokers, 1 or more")
    return int(text)


@dataclass(frozen=True)
class Declared:
    """A topic as it should be."""

    name: str
    partitions: int
    replication: int
    configs: Mapping[str, str]


@dataclass(frozen=True)
class Actual:
    """A topic as the broker has it."""

    partitions: int
    replication: int
    configs: Mapping[str, str]


@dataclass(frozen=True)
class Setting:
    """One setting of one topic that is not as declared."""

    topic: str
    name: str
    actual: str
    declared: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.name} is {self.actual}, declared {self.declared}"


@dataclass(frozen=True)
class Number:
    """A number of partitions or replicas that is not as declared."""

    topic: str
    actual: int
    declared: int


@dataclass(frozen=True)
class Difference:
    """What the broker has against what is declared. Topics of others are not looked at."""

    missing: list[Declared] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    partitions: list[Number] = field(default_factory=list)
    replication: list[Number] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.missing or self.settings or self.partitions or self.replication)

    def lines(self) -> list[str]:
        """One for each difference, with what to do."""
        return [
            *(f"{topic.name}: missing; `ventanilla topics apply` makes it" for topic in self.missing),
            *(f"{setting}; `ventanilla topics apply` changes it" for setting in self.settings),
            *map(_partitions, self.partitions),
            *map(_replication, self.replication),
        ]


def _partitions(number: Number) -> str:
    found = f"{number.topic}: {number.actual} partitions, declared {number.declared}; "
    if number.actual > number.declared:
        return f"{found}Kafka takes none away: make a new topic and move its records while nothing runs"
    return (
        f"{found}`ventanilla topics apply --add-partitions` adds them, after which contacts lie in other "
        "partitions than before: do it while nothing runs and nothing is left to read, for all topics alike"
    )


def _replication(number: Number) -> str:
    return (
        f"{number.topic}: {number.actual} replicas, declared {number.declared}; Kafka's own "
        "kafka-reassign-partitions.sh changes that, `ventanilla topics apply` afterwards the rest"
    )


def declared(copies: Copies) -> list[Declared]:
    """The contract's topics, then the dead letters of each of their consumers."""
    return [
        *(_declared(topic, copies) for topic in ALL),
        *(
            Declared(
                name,
                DEAD_LETTER_PARTITIONS,
                copies.replication,
                {
                    **_configs(DEAD_LETTER_RETENTION_MS, "delete", copies),
                    "max.message.bytes": str(DEAD_LETTER_BYTES),
                },
            )
            for name in dead_letter_topics()
        ),
    ]


def _declared(topic: Topic, copies: Copies) -> Declared:
    retention = int(topic.retention.total_seconds() * 1000)
    return Declared(
        topic.name, topic.partitions, copies.replication, _configs(retention, topic.cleanup, copies)
    )


def _configs(retention_ms: int, cleanup: str, copies: Copies) -> dict[str, str]:
    return {
        "retention.ms": str(retention_ms),
        "cleanup.policy": cleanup,
        MIN_INSYNC: str(copies.acknowledging),
    }


def compared(wanted: Iterable[Declared], found: Mapping[str, Actual]) -> Difference:
    """`min.insync.replicas` is never asked for above what a topic's replicas can give: then nobody could
    write to it. The replicas are the difference, and that one follows them."""
    difference = Difference()
    for topic in wanted:
        actual = found.get(topic.name)
        if actual is None:
            difference.missing.append(topic)
            continue
        if actual.partitions != topic.partitions:
            difference.partitions.append(Number(topic.name, actual.partitions, topic.partitions))
        if actual.replication != topic.replication:
            difference.replication.append(Number(topic.name, actual.replication, topic.replication))
        for name, value in topic.configs.items():
            if name == MIN_INSYNC and int(value) > actual.replication:
                continue
            has = actual.configs.get(name, "unset")
            if has != value:
                difference.settings.append(Setting(topic.name, name, has, value))
    return difference
