"""The baselines of router and billing: the same records by hand, in a process of its own.

`echo`: aiokafka's `getmany`, one `send` for each record, `commit`; no state. `floor`: the same with one bulk
upsert of documents of a given size, one for each contact of the batch. Both decode and decide nothing.
"""

import asyncio
import sys
import time

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from pymongo import AsyncMongoClient, UpdateOne

from bench.child import Figures, answer

BATCH = 2_000
OUT = "bench.echo"


async def loop(kind: str, kafka: str, mongo: str, topic: str, messages: int, document_bytes: int) -> Figures:
    """Messages a second, from the end of the first batch on, and processor time for each in microseconds."""
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(mongo)
    collection = client["bench"]["floor"]
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka, acks="all", enable_idempotence=True, max_batch_size=256 * 1024
    )
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=kafka, group_id=f"bench.{kind}", enable_auto_commit=False,
        auto_offset_reset="earliest", partition_assignment_strategy=[RangePartitionAssignor],
        fetch_max_wait_ms=100,
    )  # fmt: skip
    await producer.start()
    await consumer.start()
    body = "x" * document_bytes
    done, started, processor, first = 0, 0.0, 0.0, 0
    while done < messages:
        batches = await consumer.getmany(timeout_ms=20, max_records=BATCH)
        if not batches:
            continue
        records = [record for batch in batches.values() for record in batch]
        if kind == "floor":
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
        sent = [await producer.send(OUT, record.value, record.key) for record in records]
        await asyncio.gather(*sent)
        await consumer.commit({TopicPartition(r.topic, r.partition): r.offset + 1 for r in records})
        done += len(records)
        if not first:
            started, processor, first = time.perf_counter(), time.process_time(), done
    seconds, used = time.perf_counter() - started, time.process_time() - processor
    await consumer.stop()
    await producer.stop()
    await client.close()
    return {"rate": (done - first) / seconds, "processor_us": used / (done - first) * 1e6}


if __name__ == "__main__":
    kind, kafka, mongo, topic, messages, document_bytes = sys.argv[1:]
    answer(loop(kind, kafka, mongo, topic, int(messages), int(document_bytes)))
