"""Writing to a real broker, from many at a time."""

import asyncio
import random
from collections import defaultdict
from uuid import uuid4

import pytest

from support.engines import RunningEngines, are_real
from support.topics import make, records
from ventanilla.stream import StreamUnavailableError
from ventanilla.stream.publisher import Publisher
from ventanilla.stream.records import Encoded

SEED = 20261129


@pytest.fixture
async def topic(engines: RunningEngines) -> str:
    name = f"tests.{uuid4().hex[:8]}"
    await make(engines.kafka, name, partitions=6)
    return name


async def test_many_who_write_at_once_have_all_of_theirs_kept_once_and_in_order(
    engines: RunningEngines, topic: str
) -> None:
    chance = random.Random(SEED)
    writer = Publisher("tests", engines.kafka)
    await writer.start()

    async def person(number: int) -> None:
        key = b"%d" % number
        said = 0
        for _ in range(15):
            together = chance.randint(1, 4)
            size = chance.choice((10, 1_000, 100_000 if number < 5 else 100))
            await writer.send(
                [
                    Encoded(topic, key, b"%d|" % (said + place) + b"x" * size, [("ce_id", key)])
                    for place in range(together)
                ]
            )
            said += together
        expected[key] = said

    expected: dict[bytes, int] = {}
    await asyncio.gather(*map(person, range(60)))
    await writer.stop()
    found: dict[bytes, list[int]] = defaultdict(list)
    for record in await records(engines.kafka, topic):
        assert record.headers == (("ce_id", record.key),)
        found[record.key].append(int(record.value.split(b"|")[0]))
    assert found == {key: list(range(said)) for key, said in expected.items()}


async def test_a_record_that_kafka_never_takes_is_refused_and_its_partition_goes_on(
    engines: RunningEngines, topic: str
) -> None:
    writer = Publisher("tests", engines.kafka)
    await writer.start()
    with pytest.raises(StreamUnavailableError):
        await writer.send([Encoded(topic, b"k", b"x" * 1_500_000, [])])
    # The producer has counted it all the same, so the next is out of order: that one is for a new producer.
    async with asyncio.timeout(10):
        while True:
            try:
                await writer.send([Encoded(topic, b"k", b"small", [])])
                break
            except StreamUnavailableError:
                continue
    assert [one.value for one in await records(engines.kafka, topic)] == [b"small"]
    await writer.stop()


async def test_a_topic_that_nobody_made_is_refused_within_the_time(engines: RunningEngines) -> None:
    if not are_real():
        pytest.skip("the embedded broker makes every topic that somebody asks for")
    writer = Publisher("tests", engines.kafka, timeout_seconds=1)
    await writer.start()
    with pytest.raises(StreamUnavailableError):
        await writer.send([Encoded(f"nobody.made.{uuid4().hex}", b"k", b"v", [])])
    await writer.stop()
