"""A year of statuses through billing in one run, against consuming the same records and doing nothing.

Three statuses a message (`sent`, `delivered`, `read`), a session's messages close together, a twentieth of
the statuses out of order. Both are processes of their own and read the same topic. Besides the rate: what a
status costs in the last tenth of the year against the first, and the memory of the process.

VENTANILLA_BENCH_STATUSES says how many (300,000 by default; 3,000,000 is the case's year).
"""

import asyncio
import json
import os
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer
from prometheus_client import REGISTRY

from bench.report import Result
from billing.handlers import consume
from billing.store import Sessions
from stack.topics import apply
from support.statuses import status
from ventanilla.contracts.channel import DeliveryStatus, MessageStatus
from ventanilla.institution import load_institution
from ventanilla.store import Store
from ventanilla.stream import Stream
from ventanilla.stream.publisher import Publisher
from ventanilla.topics import STATUS

STATUSES = int(os.environ.get("VENTANILLA_BENCH_STATUSES", "300000"))
CONTACTS = STATUSES // 50
SESSION_MESSAGES = 3
START = datetime(2025, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
TARGET = 0.02
STEADY = 1.2
"""What a status of the last tenth may cost against one of the first."""


async def measure(kafka: str, mongo: str) -> Result:
    """Statuses a second of both."""
    await apply(kafka)
    await _fill(kafka)
    bare = await _process("bare", kafka, mongo)
    ours = await _process("ours", kafka, mongo)
    growth = ours["last_tenth"] / ours["first_tenth"]
    notes = (
        f"{STATUSES:,} statuses of {CONTACTS:,} contacts made {ours['sessions']:,.0f} sessions "
        f"({ours['sessions'] / ours['seconds']:,.0f} a second); a status of the last tenth costs "
        f"{growth:.2f} of one of the first (target {STEADY}); "
        f"peak memory {ours['first_mb']:.0f} MB after a tenth, "
        f"{ours['half_mb']:.0f} MB after a half, {ours['last_mb']:.0f} MB at the end; "
        f"a meter has {ours['document_bytes']:,} bytes on average, {ours['largest_bytes']:,} at most"
    )
    return Result(
        "meter, a year",
        "bare consumer",
        "statuses/s",
        [ours["rate"]],
        [bare["rate"]],
        target=0.02,
        notes=notes,
    )


def year() -> Iterator[MessageStatus]:
    """The statuses in the order in which they arrive; the same for the same size."""
    dice = random.Random(2025)
    sessions = STATUSES // (3 * SESSION_MESSAGES)
    waiting: list[MessageStatus] = []
    for session in range(sessions):
        opened = START + YEAR * (session / sessions)
        contact = f"{dice.randrange(CONTACTS):032x}"
        for part in range(SESSION_MESSAGES):
            at = opened + timedelta(minutes=part * 2)
            for kind in (DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ):
                one = status(contact, f"wamid.{session}.{part}", at, kind)
                if dice.random() < 0.05:
                    waiting.append(one)  # comes after the next two hundred or so
                else:
                    yield one
        while len(waiting) > 100:
            yield waiting.pop(0)
    yield from waiting


async def _fill(kafka: str) -> None:
    publisher = Publisher("bench", kafka)
    await publisher.start()
    batch: list[MessageStatus] = []
    for one in year():
        batch.append(one)
        if len(batch) == 2000:
            await publisher.publish([(STATUS, each) for each in batch])
            batch.clear()
    await publisher.publish([(STATUS, each) for each in batch])
    await publisher.stop()


def _expected() -> int:
    return STATUSES // (3 * SESSION_MESSAGES) * 3 * SESSION_MESSAGES


async def _process(kind: str, *arguments: object) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.meter_year", kind, *map(str, arguments), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the {kind} run ended with status {process.returncode}")
    answer: dict[str, Any] = json.loads(output.splitlines()[-1])
    return answer


async def _ours(kafka: str, mongo: str) -> dict[str, Any]:
    store = Store.connect(mongo, "bench_year")
    sessions = Sessions(store)
    await sessions.prepare()
    stream = Stream("billing", kafka, store)
    consume(stream, load_institution(Path("deploy/config/cnr.yaml")), sessions, on_sessions=lambda: None)
    total = _expected()

    def figure(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0

    def processed() -> float:
        return figure("ventanilla_stream_records_total", group="billing.meters", outcome="processed")

    marks: list[tuple[float, float, float]] = []
    await stream.start()
    while processed() == 0:
        await asyncio.sleep(0.001)
    for tenth in range(11):
        while processed() < total * tenth / 10:
            await asyncio.sleep(0.005)
        marks.append((time.perf_counter(), processed(), _megabytes()))
    await _quiet(
        lambda: figure("ventanilla_stream_records_total", group="billing.sessions", outcome="processed")
    )
    sizes = [len(one["state"]) async for one in store.collection("billing_meters").find({}).limit(2000)]
    standing = await store.collection("billing_sessions").count_documents({"state": "standing"})
    await stream.stop()
    await store.close()

    def cost(first: int) -> float:
        (began, before, _), (ended, after, _) = marks[first], marks[first + 1]
        return (ended - began) / (after - before)

    seconds = marks[-1][0] - marks[0][0]
    return {
        "rate": (marks[-1][1] - marks[0][1]) / seconds, "seconds": seconds, "sessions": standing,
        "first_tenth": cost(0), "last_tenth": cost(9),
        "first_mb": marks[1][2], "half_mb": marks[5][2], "last_mb": marks[10][2],
        "document_bytes": sum(sizes) // len(sizes), "largest_bytes": max(sizes),
    }  # fmt: skip


async def _quiet(figure: Callable[[], float]) -> None:
    """Until nothing has come for two seconds."""
    before = -1.0
    while figure() != before:
        before = figure()
        await asyncio.sleep(2)


def _megabytes() -> float:
    """The most that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def _bare(kafka: str, _: str) -> dict[str, Any]:
    consumer = AIOKafkaConsumer(
        STATUS.name, bootstrap_servers=kafka, group_id="bench.year", enable_auto_commit=False,
        auto_offset_reset="earliest",
    )  # fmt: skip
    await consumer.start()
    done, started, first = 0, 0.0, 0
    while done < _expected():
        batches = await consumer.getmany(timeout_ms=20, max_records=500)
        done += sum(map(len, batches.values()))
        if done and not first:
            started, first = time.perf_counter(), done
    seconds = time.perf_counter() - started
    await consumer.stop()
    return {"rate": (done - first) / seconds}


if __name__ == "__main__":
    kind, kafka, mongo = sys.argv[1:]
    print(json.dumps(asyncio.run(_ours(kafka, mongo) if kind == "ours" else _bare(kafka, mongo))))
