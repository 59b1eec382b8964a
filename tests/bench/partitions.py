"""What a message costs the router by the partitions that one process owns, against the floor loop."""

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench.child import child
from bench.keyed import SUBJECTS, fill
from bench.report import Series
from bench.sizes import Size, Start
from ventanilla.topics import ALL, dead_letter_topics

_ROUNDS = 4
BASELINES = ("bench.echo", "bench.bare", "bench.changelog.bare", "bench.changelog.view")
"""What loops by hand write to; a broker need not make topics by itself."""


async def made(kafka: str, partitions: int) -> None:
    """Every declared topic, with so many partitions, and those that only benchmarks write."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        names = [*(topic.name for topic in ALL), *BASELINES]
        await admin.create_topics([NewTopic(name, partitions, 1) for name in names])
        await admin.create_topics([NewTopic(name, 1, 1) for name in dead_letter_topics()])
    finally:
        await admin.close()


async def measure(start: Start, size: Size) -> list[Series]:
    """Microseconds a message, by the wall."""
    lines: dict[str, list[float]] = {"router": [], "floor loop": []}
    subject = SUBJECTS["router"]
    for number in size.partitions:
        with start(number) as engines:
            where = engines.kafka, engines.mongo
            await fill(engines.kafka, subject, size.messages, size.messages // _ROUNDS)
            ours = await child("keyed", "router", *where, size.messages)
            by_hand = (subject.topic.name, size.messages, ours["document_bytes"])
            floor = await child("by_hand", "floor", *where, *by_hand)
        lines["router"].append(1e6 / ours["rate"])
        lines["floor loop"].append(1e6 / floor["rate"])
    places = [str(number) for number in size.partitions]
    return [Series("Cost by partitions", places, "µs a message", lines, "partitions of one process")]
