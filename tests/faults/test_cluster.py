"""Three brokers, three copies of everything, two of which must have a record: any one broker may die."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.apache_kafka import ApacheKafka
from engines.documents import start_documents
from stack.topics import Copies, apply, diff
from support.engines import RunningEngines, are_real
from support.fault_table import FaultTable
from support.fleet import Fleet
from support.traffic import Traffic

pytestmark = pytest.mark.timeout(420)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ApacheKafka]:
    if not are_real():
        pytest.skip("three brokers are Apache Kafka's: `make test-engines` runs this")
    with ApacheKafka(tmp_path, brokers=3, properties={"min.insync.replicas": "2"}) as running:
        yield running


def test_each_broker_in_turn_may_die(
    cluster: ApacheKafka, database: str, tmp_path: Path, table: FaultTable
) -> None:
    copies = Copies(replication=3)
    asyncio.run(apply(cluster.bootstrap, copies))
    assert not asyncio.run(diff(cluster.bootstrap, copies)), "what was applied is not what is declared"
    store = start_documents(tmp_path)
    engines = RunningEngines(cluster.bootstrap, f"mongodb://127.0.0.1:{store.port}")
    try:
        with Fleet(engines, database, tmp_path) as fleet:
            fleet.start()
            fleet.wait_ready()
            traffic = Traffic(fleet, cluster.bootstrap, seed=300, messages=12)

            async def story() -> None:
                talking = asyncio.create_task(traffic.talk())
                worst = 0.0
                for broker in cluster.brokers:
                    await asyncio.sleep(2)
                    await asyncio.to_thread(broker.kill)
                    worst = max(worst, await traffic.heard())
                    await asyncio.to_thread(cluster.restart, broker)
                    await asyncio.to_thread(time.sleep, 3)  # it catches up before the next one dies
                await talking
                await traffic.answered()
                repeats = await traffic.verified()
                name = "three brokers: kill -9 of each in turn, leaders with them"
                table.add(traffic.row(name, repeats, worst))

            asyncio.run(story())
    finally:
        store.stop()
