"""A year of statuses through billing in one run, against consuming the same records and doing nothing.

Three statuses a message (`sent`, `delivered`, `read`), a session's messages close together, a twentieth of
the statuses out of order. Both are processes of their own and read the same topic. Besides the rate: what a
status costs in the last tenth of the year against the first, and the memory of the process.

`--statuses` says how many (300,000 by default; 3,000,000 is the case's year).
"""

import asyncio
import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from aiokafka import AIOKafkaConsumer, TopicPartition
from prometheus_client import REGISTRY

from bench.child import Figures, answer, child, megabytes
from bench.keyed import CONFIG, LOOK_SECONDS, publish
from bench.report import Result
from bench.sizes import Size, Start
from billing.handlers import consume
from billing.store import Ledger, Places, Sessions
from support.meter_histories import oracle
from support.statuses import status
from ventanilla.contracts.channel import DeliveryStatus, MessageStatus
from ventanilla.institution import load_institution
from ventanilla.store import Store
from ventanilla.stream import Stream
from ventanilla.topics import STATUS

STATUSES_EACH = 50
"""Of a contact in the year."""
SESSION_MESSAGES = 3
START = datetime(2025, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
TARGET = 0.02
STEADY = 1.2
"""What a status of the last tenth may cost against one of the first."""


async def measure(start: Start, size: Size) -> list[Result]:
    """Statuses a second of both."""
    with start() as engines:
        await publish(engines.kafka, STATUS, year(size.statuses))
        bare = await child("meter_year", "bare", engines.kafka, engines.mongo, size.statuses)
        ours = await child("meter_year", "ours", engines.kafka, engines.mongo, size.statuses)
    if ours["sessions"] != (right := _sessions(size.statuses)):
        raise RuntimeError(f"the meter has {ours['sessions']} sessions, the oracle {right}")
    wall, processor = ours["wall"], ours["processor"]
    notes = (
        f"{size.statuses:,} statuses of {size.statuses // STATUSES_EACH:,} contacts made "
        f"the oracle's {ours['sessions']:,} sessions, "
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
    return [
        Result(
            "a year of statuses", "bare consumer", "statuses/s", [ours["rate"]], [bare["rate"]], TARGET, notes
        )
    ]


def year(statuses: int) -> Iterator[MessageStatus]:
    """The statuses in the order in which they arrive; the same for the same size."""
    dice = random.Random(2025)
    sessions = statuses // (3 * SESSION_MESSAGES)
    waiting: list[MessageStatus] = []
    for session in range(sessions):
        opened = START + YEAR * (session / sessions)
        contact = f"{dice.randrange(statuses // STATUSES_EACH):032x}"
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


def _sessions(statuses: int) -> int:
    """The oracle's number of sessions in the year."""
    delivered: dict[str, list[datetime]] = {}
    for one in year(statuses):
        if one.status is DeliveryStatus.DELIVERED:
            delivered.setdefault(one.contact_id, []).append(one.occurred_at)
    return sum(len(oracle(moments)) for moments in delivered.values())


def _expected(statuses: int) -> int:
    return statuses // (3 * SESSION_MESSAGES) * 3 * SESSION_MESSAGES


async def _ours(kafka: str, mongo: str, statuses: int) -> Figures:
    store = Store.connect(mongo, "bench_year")
    institution = load_institution(CONFIG)
    sessions, places = Sessions(store, institution.zone), Places(store, institution.zone)
    await sessions.prepare()
    ledger = Ledger(store)
    for part in (places, ledger):
        await part.prepare()
    stream = Stream("billing", kafka, store)
    consume(stream, institution, sessions, places, ledger, on_sessions=lambda: None)
    total = _expected(statuses)

    def figure(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0

    def processed() -> float:
        return figure("ventanilla_stream_records_total", group="billing.meters", outcome="processed")

    marks: list[tuple[float, float, float, float]] = []
    await stream.start()
    while processed() == 0:
        await asyncio.sleep(LOOK_SECONDS)
    for tenth in range(11):
        while processed() < total * tenth / 10:
            await asyncio.sleep(LOOK_SECONDS)
        marks.append((time.perf_counter(), time.process_time(), processed(), megabytes("VmRSS")))
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
        "peak_mb": megabytes("VmHWM"),
        "document_bytes": sum(sizes) // len(sizes), "largest_bytes": max(sizes),
    }  # fmt: skip


async def _quiet(figure: Callable[[], float]) -> None:
    """Until nothing has come for two seconds."""
    before = -1.0
    while figure() != before:
        before = figure()
        await asyncio.sleep(2)


async def _bare(kafka: str, _: str, statuses: int) -> Figures:
    """The clock runs from before the first fetch: an engine may answer it with all that there is."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await consumer.start()
    partitions = [TopicPartition(STATUS.name, number) for number in range(STATUS.partitions)]
    started, done, first = time.perf_counter(), 0, 0.0
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    while done < _expected(statuses):
        batches = await consumer.getmany(timeout_ms=20, max_records=500)
        done += sum(map(len, batches.values()))
        first = first or (megabytes("VmHWM") if done else 0.0)
    seconds = time.perf_counter() - started
    await consumer.stop()
    return {"rate": done / seconds, "peak_mb": megabytes("VmHWM"), "first_mb": first}


if __name__ == "__main__":
    kind, kafka, mongo, statuses = sys.argv[1:]
    answer((_ours if kind == "ours" else _bare)(kafka, mongo, int(statuses)))
