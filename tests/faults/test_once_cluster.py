"""What is said once is there once though brokers die under it: of a cluster of three, one at a time."""

import asyncio
import random
from collections import Counter
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from stack.cli import app
from support.engines import are_real
from support.sayer import threshold
from support.topics import records
from ventanilla.contracts.billing import AllotmentReached
from ventanilla.stream import StreamUnavailableError
from ventanilla.stream.once import Once
from ventanilla.topics import ALLOTMENT

ROUNDS = 4
PERCENTS = range(1, 6)


async def say(once: Once, month: str) -> int:
    """As billing does: again and again, until it is said. How many of them this one said."""
    new = 0
    for percent in PERCENTS:
        while True:
            try:
                new += len(await once.publish(ALLOTMENT, [threshold(month, percent)]))
                break
            except StreamUnavailableError:
                await asyncio.sleep(0.5)
    return new


@pytest.mark.timeout(400)
async def test_brokers_die_and_each_is_said_once(tmp_path: Path) -> None:
    if not are_real():
        pytest.skip("the embedded broker is alone")
    from engines.apache_kafka import ApacheKafka

    dice = random.Random(7)
    cluster = ApacheKafka(tmp_path, brokers=3)
    await asyncio.to_thread(cluster.start)
    try:
        made = await asyncio.to_thread(
            CliRunner().invoke, app, ["topics", "apply", "--kafka", cluster.bootstrap],
            env={"VENTANILLA_KAFKA_REPLICATION": "3"},
        )  # fmt: skip
        assert made.exit_code == 0, made.output
        months = [uuid4().hex[:8] for _ in range(ROUNDS)]
        for month in months:
            rivals = [Once("svc", cluster.bootstrap) for _ in range(2)]
            saying = asyncio.gather(*(say(one, month) for one in rivals))
            await asyncio.sleep(dice.uniform(0.1, 2))
            broker = dice.choice(cluster.brokers)
            await asyncio.to_thread(broker.kill)
            async with asyncio.timeout(90):
                await saying
            await asyncio.to_thread(cluster.restart, broker)
        await asyncio.sleep(3)  # Kafka shows what was committed some moments after it said so
        found = [
            AllotmentReached.model_validate_json(one.value or b"")
            for one in await records(cluster.bootstrap, ALLOTMENT.name)
        ]
    finally:
        await asyncio.to_thread(cluster.stop)
    for month in months:
        assert Counter(one.threshold_percent for one in found if one.month == month) == Counter(PERCENTS)
