"""The declared topics, on a real broker: made, compared, and never changed behind anybody's back."""

from dataclasses import dataclass, field

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from ventanilla.topics import ALL, dead_letter_topics

DEAD_LETTER_PARTITIONS = 1
DEAD_LETTER_RETENTION_MS = 45 * 24 * 3600 * 1000


class TopicsError(Exception):
    """The broker does not answer, or refuses a topic."""


@dataclass(frozen=True)
class Declared:
    """A topic as it should be."""

    name: str
    partitions: int
    retention_ms: int


@dataclass(frozen=True)
class Difference:
    """What the broker has against what is declared. Topics of others are not looked at."""

    missing: list[Declared] = field(default_factory=list)
    partitions: list[tuple[Declared, int]] = field(default_factory=list)
    """Declared, and how many partitions there really are. Keys then lie elsewhere: never mended here."""

    def lines(self) -> list[str]:
        """One for each difference, with what to do."""
        found = [f"{topic.name}: missing; `ventanilla topics apply` makes it" for topic in self.missing]
        return found + [
            f"{topic.name}: {actual} partitions, declared {topic.partitions}; contacts would lose "
            "their order, so make a new topic and move its records while nothing runs"
            for topic, actual in self.partitions
        ]


def declared() -> list[Declared]:
    """The contract's topics, then the dead letters of each of their consumers."""
    topics = [
        Declared(topic.name, topic.partitions, int(topic.retention.total_seconds() * 1000)) for topic in ALL
    ]
    letters = [
        Declared(name, DEAD_LETTER_PARTITIONS, DEAD_LETTER_RETENTION_MS) for name in dead_letter_topics()
    ]
    return topics + letters


async def apply(bootstrap: str, replication: int = 1) -> list[str]:
    """Make the missing topics and return their names. Raises `TopicsError`."""
    admin = await _connect(bootstrap)
    try:
        missing = (await _compare(admin)).missing
        if missing:
            await _create(admin, missing, replication)
        return [topic.name for topic in missing]
    except KafkaError as error:
        raise TopicsError(f"{bootstrap}: {error!r}") from error
    finally:
        await admin.close()


async def diff(bootstrap: str) -> Difference:
    """Compare, change nothing. Raises `TopicsError`."""
    admin = await _connect(bootstrap)
    try:
        return await _compare(admin)
    except KafkaError as error:
        raise TopicsError(f"{bootstrap}: {error!r}") from error
    finally:
        await admin.close()


async def _connect(bootstrap: str) -> AIOKafkaAdminClient:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id="ventanilla-stack")
    try:
        await admin.start()
    except KafkaError as error:
        await admin.close()
        raise TopicsError(f"no broker answers at {bootstrap} ({type(error).__name__})") from None
    return admin


async def _compare(admin: AIOKafkaAdminClient) -> Difference:
    found = Difference()
    existing = set(await admin.list_topics())
    wanted = declared()
    found.missing.extend(topic for topic in wanted if topic.name not in existing)
    present = {topic.name: topic for topic in wanted if topic.name in existing}
    # Described only where present: describing an unknown topic would create it with one partition.
    for description in await admin.describe_topics(sorted(present)) if present else []:
        topic, actual = present[description["topic"]], len(description["partitions"])
        if actual != topic.partitions:
            found.partitions.append((topic, actual))
    return found


async def _create(admin: AIOKafkaAdminClient, topics: list[Declared], replication: int) -> None:
    response = await admin.create_topics(
        [
            NewTopic(
                topic.name,
                topic.partitions,
                replication,
                topic_configs={"retention.ms": str(topic.retention_ms)},
            )
            for topic in topics
        ]
    )
    for name, code, *_ in response.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            raise TopicsError(f"the broker refuses topic {name}: {for_code(code).__name__}")
