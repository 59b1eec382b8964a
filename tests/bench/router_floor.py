"""The router against the floor loop: what the same bytes cost when nothing is decided.

The floor loop, by hand: aiokafka `getmany`, one bulk upsert of documents of the router's own size, one `send`
for each message, commit; same batch size, same engines, same run, its own process like the router's.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from prometheus_client import REGISTRY
from pymongo import AsyncMongoClient, UpdateOne

from bench.report import Result
from router.handlers import declare
from stack.topics import apply
from support.messages import received
from ventanilla.institution import load_institution
from ventanilla.store import Store
from ventanilla.stream import Stream
from ventanilla.stream.publisher import Publisher
from ventanilla.topics import RECEIVED

MESSAGES = 12_000
CONTACTS = 3_000
BATCH = 500
RUNS = 3


async def measure(kafka: str, mongo: str) -> Result:
    """Messages a second of both, in turn; target 0.5."""
    await apply(kafka)
    ours: list[float] = []
    floor: list[float] = []
    for _ in range(RUNS):
        await _fill(kafka)
        routed = await _process("ours", kafka, mongo)
        ours.append(routed["rate"])
        looped = await _process("floor", kafka, mongo, routed["document_bytes"])
        floor.append(looped["rate"])
    return Result("router", "floor loop", "messages/s", ours, floor, target=0.5)


async def _fill(kafka: str) -> None:
    publisher = Publisher("bench", kafka)
    await publisher.start()
    run = uuid4().hex[:24]
    contacts = [f"{run}{number:08x}" for number in range(CONTACTS)]
    for turn in range(MESSAGES // CONTACTS):
        batch = [
            (RECEIVED, received(contact, turn, "q papeles piden pa la hipoteca")) for contact in contacts
        ]
        await publisher.publish(batch)
    await publisher.stop()


async def _process(kind: str, *arguments: object) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.router_floor", kind, *map(str, arguments),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the {kind} run ended with status {process.returncode}")
    answer: dict[str, Any] = json.loads(output.splitlines()[-1])
    return answer


async def _ours(kafka: str, mongo: str) -> dict[str, Any]:
    store = Store.connect(mongo, "bench")
    stream = Stream("router", kafka, store)
    declare(stream, load_institution(Path("deploy/config/cnr.yaml")))
    labels = {"group": "router.conversations", "outcome": "processed"}

    def processed() -> float:
        return REGISTRY.get_sample_value("ventanilla_stream_records_total", labels) or 0

    await stream.start()  # the group's offsets stand at the end of the run before: only the last fill is new
    while processed() == 0:
        await asyncio.sleep(0.001)
    started, first = time.perf_counter(), processed()
    while processed() < MESSAGES:
        await asyncio.sleep(0.001)
    seconds = time.perf_counter() - started
    sizes = [
        len(document["state"]) + len(document["journal"])
        async for document in store.collection("router_conversations").find().limit(200)
    ]
    await stream.stop()
    await store.close()
    return {"rate": (MESSAGES - first) / seconds, "document_bytes": sum(sizes) // len(sizes)}


async def _floor(kafka: str, mongo: str, document_bytes: int) -> dict[str, Any]:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(mongo)
    collection = client["bench"]["floor"]
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka, acks="all", enable_idempotence=True, linger_ms=5, max_batch_size=256 * 1024
    )
    consumer = AIOKafkaConsumer(
        RECEIVED.name, bootstrap_servers=kafka, group_id="bench.floor", enable_auto_commit=False,
        auto_offset_reset="earliest", partition_assignment_strategy=[RangePartitionAssignor],
        fetch_max_wait_ms=100,
    )  # fmt: skip
    await producer.start()
    await consumer.start()
    body = "x" * document_bytes
    done, started, first = 0, 0.0, 0
    while done < MESSAGES:
        batches = await consumer.getmany(timeout_ms=20, max_records=BATCH)
        if not batches:
            continue
        records = [record for batch in batches.values() for record in batch]
        await collection.bulk_write(
            [
                UpdateOne(
                    {"_id": record.key.decode(), "offset": {"$lt": record.offset}},
                    {"$set": {"offset": record.offset, "body": body}},
                    upsert=True,
                )
                for record in {record.key: record for record in records}.values()
            ],
            ordered=False,
        )
        sent = [await producer.send("bench.echo", record.value, record.key) for record in records]
        await asyncio.gather(*sent)
        await consumer.commit({TopicPartition(r.topic, r.partition): r.offset + 1 for r in records})
        done += len(records)
        if not first:
            started, first = time.perf_counter(), done
    seconds = time.perf_counter() - started
    await consumer.stop()
    await producer.stop()
    return {"rate": (done - first) / seconds}


if __name__ == "__main__":
    kind, kafka, mongo, *rest = sys.argv[1:]
    work = _ours(kafka, mongo) if kind == "ours" else _floor(kafka, mongo, int(rest[0]))
    print(json.dumps(asyncio.run(work)))
