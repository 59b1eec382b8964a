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
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from prometheus_client import REGISTRY

from bench.report import Result
from billing.handlers import consume
from billing.store import Ledger, Places, Sessions
from stack.topics import apply
from support.meter_histories import oracle
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
    if ours["sessions"] != (right := _sessions()):
        raise RuntimeError(f"the meter has {ours['sessions']} sessions, the oracle {right}")
    wall, processor = ours["wall"], ours["processor"]
    notes = (
        f"{STATUSES:,} statuses of {CONTACTS:,} contacts made the oracle's {ours['sessions']:,} sessions, "
        f"{ours['sessions'] / ours['seconds']:,.0f} a second; a status of the last tenth costs "
        f"{processor[-1] / processor[0]:.2f} of one of the first in processor time and "
        f"{wall[-1] / wall[0]:.2f} by the wall (target {STEADY}); "
        f"processor time of each tenth, in microseconds: "
        f"{', '.join(f'{one:.0f}' for one in processor)}; memory {ours['first_mb']:.0f} MB after a tenth, "
        f"{ours['half_mb']:.0f} MB after a half, {ours['last_mb']:.0f} MB at the end, at most "
        f"{ours['peak_mb']:.0f} MB (the bare consumer: {bare['first_mb']:.0f} MB with its first batch, "
        f"at most {bare['peak_mb']:.0f} MB); "
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


def _sessions() -> int:
    """The oracle's number of sessions in the year."""
    delivered: dict[str, list[datetime]] = {}
    for one in year():
        if one.status is DeliveryStatus.DELIVERED:
            delivered.setdefault(one.contact_id, []).append(one.occurred_at)
    return sum(len(oracle(moments)) for moments in delivered.values())


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
    institution = load_institution(Path("deploy/config/cnr.yaml"))
    sessions, places = Sessions(store, institution.zone), Places(store, institution.zone)
    await sessions.prepare()
    ledger = Ledger(store)
    for part in (places, ledger):
        await part.prepare()
    stream = Stream("billing", kafka, store)
    consume(stream, institution, sessions, places, ledger, on_sessions=lambda: None)
    total = _expected()

    def figure(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0

    def processed() -> float:
        return figure("ventanilla_stream_records_total", group="billing.meters", outcome="processed")

    marks: list[tuple[float, float, float, float]] = []
    await stream.start()
    while processed() == 0:
        await asyncio.sleep(0.001)
    for tenth in range(11):
        while processed() < total * tenth / 10:
            await asyncio.sleep(0.005)
        marks.append((time.perf_counter(), time.process_time(), processed(), _megabytes("VmRSS")))
    await _quiet(
        lambda: figure("ventanilla_stream_records_total", group="billing.sessions", outcome="processed")
    )
    sizes = [len(one["state"]) async for one in store.collection("billing_meters").find({}).limit(2000)]
    standing = await store.collection("billing_sessions").count_documents({"state": "standing"})
    await stream.stop()
    await store.close()

    def costs(clock: int) -> list[float]:
        """Microseconds for a status in each tenth, by the clock at this place."""
        return [
            (ended[clock] - began[clock]) / (ended[2] - began[2]) * 1e6 for began, ended in pairwise(marks)
        ]

    seconds = marks[-1][0] - marks[0][0]
    return {
        "rate": (marks[-1][2] - marks[0][2]) / seconds, "seconds": seconds, "sessions": standing,
        "wall": costs(0), "processor": costs(1),
        "first_mb": marks[1][3], "half_mb": marks[5][3], "last_mb": marks[10][3],
        "peak_mb": _megabytes("VmHWM"),
        "document_bytes": sum(sizes) // len(sizes), "largest_bytes": max(sizes),
    }  # fmt: skip


async def _quiet(figure: Callable[[], float]) -> None:
    """Until nothing has come for two seconds."""
    before = -1.0
    while figure() != before:
        before = figure()
        await asyncio.sleep(2)


def _megabytes(field: str) -> float:
    """`VmRSS`, what this process has, or `VmHWM`, the most it ever had.

    Not `ru_maxrss`: that begins with what the parent had when it started this process.
    """
    line = next(one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith(field))
    return int(line.split()[1]) / 1024


async def _bare(kafka: str, _: str) -> dict[str, Any]:
    """The clock runs from before the first fetch: an engine may answer it with all that there is."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await consumer.start()
    partitions = [TopicPartition(STATUS.name, number) for number in range(STATUS.partitions)]
    started, done, first = time.perf_counter(), 0, 0.0
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    while done < _expected():
        batches = await consumer.getmany(timeout_ms=20, max_records=500)
        done += sum(map(len, batches.values()))
        first = first or (_megabytes("VmHWM") if done else 0.0)
    seconds = time.perf_counter() - started
    await consumer.stop()
    return {"rate": done / seconds, "peak_mb": _megabytes("VmHWM"), "first_mb": first}


if __name__ == "__main__":
    kind, kafka, mongo = sys.argv[1:]
    print(json.dumps(asyncio.run(_ours(kafka, mongo) if kind == "ours" else _bare(kafka, mongo))))
