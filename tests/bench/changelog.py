"""An alternative to the keyed stream, measured: state by owned partition, a topic as the durable state.

The router's own decision on its own messages. States are kept in memory; a batch's outputs, its changed
states (one record a contact on a topic that would be compacted) and its offsets are one Kafka transaction.
`bare` keeps nothing else; with `view`, documents are written behind to MongoDB, the latest of each contact,
for whoever asks by HTTP. Restoring is what a process does before its first message when it gets partitions.

It is a sketch: nothing fences a member whose partitions moved, and what it holds is bounded by nothing.
"""

import asyncio
import sys
import time
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from bench.by_hand import BATCH
from bench.child import Figures, answer, child
from bench.keyed import CONFIG, DATABASE, SUBJECTS, fill
from bench.report import Result, Series
from bench.sizes import Size, Start
from router.catalogue import load_date_words
from router.domain.decision import decide
from router.domain.rules import Rules
from router.domain.state import RouterState
from ventanilla.exhaustion import Exhaustion
from ventanilla.institution import load_institution
from ventanilla.store import Collection, Store, UpdateOne
from ventanilla.stream.records import decode, encode
from ventanilla.topics import RECEIVED

CHANGELOG = "bench.changelog"
_GROUP = "bench.changelog"
_ROUNDS = 4
_SOURCE = b"/ventanilla/router"


async def measure(start: Start, size: Size) -> list[Result | Series]:
    """Messages a second of both variants and of the keyed stream, against the raw echo."""
    rates: dict[str, list[float]] = {"bare": [], "view": [], "keyed": [], "echo": []}
    restored: list[float] = []
    subject = SUBJECTS["router"]
    with start() as engines:
        where = engines.kafka, engines.mongo
        for _ in range(size.runs):
            await fill(engines.kafka, subject, size.messages, size.messages // _ROUNDS)
            for kind in ("bare", "view"):
                figures = await child("changelog", kind, *where, size.messages)
                rates[kind].append(figures["rate"])
            restored.append(figures["restored_per_second"])
            rates["keyed"].append((await child("keyed", "router", *where, size.messages))["rate"])
            by_hand = (subject.topic.name, size.messages, 0)
            rates["echo"].append((await child("by_hand", "echo", *where, *by_hand))["rate"])
    names = {"bare": "changelog", "view": "changelog, view behind", "keyed": "keyed stream"}
    notes = f"states restored from the topic: {min(restored):,.0f} to {max(restored):,.0f} a second"
    return [
        Result(
            what, "raw echo", "messages/s", rates[kind], rates["echo"], 0.5, notes if kind == "view" else ""
        )
        for kind, what in names.items()
    ]


class View:
    """Writes behind: the latest state of each contact, whenever the write before is done."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._latest: dict[str, bytes] = {}
        self._task: asyncio.Task[None] | None = None

    def put(self, states: Mapping[str, bytes]) -> None:
        self._latest.update(states)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write())

    async def done(self) -> None:
        if self._task is not None:
            await self._task

    async def _write(self) -> None:
        while self._latest:
            states, self._latest = self._latest, {}
            writes = [
                UpdateOne({"_id": key}, {"$set": {"state": state.decode()}}, upsert=True)
                for key, state in states.items()
            ]
            await self._collection.bulk_write(writes, ordered=False)


async def loop(kind: str, kafka: str, mongo: str, messages: int) -> Figures:
    """Messages a second from the end of the first batch on, the view's last write among it."""
    institution, store = load_institution(CONFIG), Store.connect(mongo, DATABASE)
    rules = Rules.of(institution, load_date_words(institution.language), Exhaustion(institution))
    view = View(store.collection("changelog_view")) if kind == "view" else None
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka, transactional_id=f"bench.{kind}", linger_ms=5, max_batch_size=256 * 1024
    )
    consumer = AIOKafkaConsumer(
        RECEIVED.name, bootstrap_servers=kafka, group_id=f"{_GROUP}.{kind}", enable_auto_commit=False,
        auto_offset_reset="earliest", partition_assignment_strategy=[RangePartitionAssignor],
        fetch_max_wait_ms=100,
    )  # fmt: skip
    await producer.start()
    await consumer.start()
    states: dict[str, RouterState] = {}
    done, started, first = 0, 0.0, 0
    while done < messages:
        batches = await consumer.getmany(timeout_ms=20, max_records=BATCH)
        if not batches:
            continue
        records = [record for batch in batches.values() for record in batch]
        sent: list[asyncio.Future[object]] = []
        async with producer.transaction():
            changed: dict[str, bytes] = {}
            for record in records:
                event = decode(record, {RECEIVED.name: RECEIVED.event})
                decision = decide(rules, states.get(event.contact_id), event)
                assert decision.state is not None, "a message always leaves a state"
                states[event.contact_id] = decision.state
                changed[event.contact_id] = b""
                for output in decision.outputs:
                    one = encode(output, _SOURCE)
                    sent.append(await producer.send(one.topic, one.value, one.key, headers=one.headers))
            for key in changed:
                changed[key] = states[key].model_dump_json(exclude_none=True).encode()
                sent.append(await producer.send(f"{CHANGELOG}.{kind}", changed[key], key.encode()))
            offsets = {TopicPartition(r.topic, r.partition): r.offset + 1 for r in records}
            await asyncio.gather(*sent)
            await producer.send_offsets_to_transaction(offsets, f"{_GROUP}.{kind}")
        if view is not None:
            view.put(changed)
        done += len(records)
        if not first:
            started, first = time.perf_counter(), done
    if view is not None:
        await view.done()
    seconds = time.perf_counter() - started
    await consumer.stop()
    await producer.stop()
    await store.close()
    rate = (done - first) / seconds
    return {"rate": rate, "restored_per_second": await _restored(kafka, f"{CHANGELOG}.{kind}")}


async def _restored(kafka: str, topic: str) -> float:
    """Records of the changelog that are read and understood in a second."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest",
        isolation_level="read_committed",
    )  # fmt: skip
    await consumer.start()
    ends = await consumer.end_offsets(consumer.assignment())
    states: dict[bytes, RouterState] = {}
    begun, read = time.perf_counter(), 0
    while any([await consumer.position(partition) < end for partition, end in ends.items()]):
        for batch in (await consumer.getmany(timeout_ms=100)).values():
            for record in batch:
                states[record.key] = RouterState.model_validate_json(record.value)
                read += 1
    seconds = time.perf_counter() - begun
    await consumer.stop()
    return read / seconds


if __name__ == "__main__":
    kind, kafka, mongo, messages = sys.argv[1:]
    answer(loop(kind, kafka, mongo, int(messages)))
