"""The router and billing's meter, as they run, in a process of their own.

`python -m bench.keyed NAME KAFKA MONGO MESSAGES` consumes what `fill` wrote and says how quickly.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from prometheus_client import REGISTRY

from bench.child import Figures, answer, megabytes
from billing.domain.meter import Meter, meter
from billing.handlers import METER_INPUTS, METERS, arrival_clock, consume, indexed
from billing.store import Ledger, Places, Sessions
from billing.store.meters import COLLECTION as METERS_COLLECTION
from router.handlers import declare
from router.store import COLLECTION as ROUTER_COLLECTION
from support.messages import received
from support.statuses import status
from ventanilla.contracts.channel import DeliveryStatus
from ventanilla.contracts.event import Event
from ventanilla.institution import Institution, load_institution
from ventanilla.store import Store
from ventanilla.stream import Stream
from ventanilla.stream.publisher import Publisher
from ventanilla.topics import RECEIVED, STATUS, Topic

CONFIG = Path("deploy/config/cnr.yaml")
DATABASE = "bench"
LOOK_SECONDS = 0.02
"""Between two looks at the counters: a look collects every metric of the process, so it costs."""
_DELIVERED = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Subject:
    """One consumer that is measured."""

    topic: Topic
    """What it reads."""
    service: str
    group: str
    collection: str
    event: Callable[[str, int], Event]
    """The `n`-th event of a contact."""


def _status(contact: str, number: int) -> Event:
    kinds = (DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ, DeliveryStatus.DELIVERED)
    at = _DELIVERED + timedelta(minutes=number)
    return status(contact, f"wamid.{contact}.{number // 3}", at, kinds[number % 4])


def _message(contact: str, number: int) -> Event:
    return received(contact, number, "q papeles piden pa la hipoteca")


SUBJECTS = {
    "router": Subject(RECEIVED, "router", "router.conversations", ROUTER_COLLECTION, _message),
    "meter": Subject(STATUS, "billing", "billing.meters", METERS_COLLECTION, _status),
    "billing": Subject(STATUS, "billing", "billing.meters", METERS_COLLECTION, _status),
}
"""`meter` is billing's meter alone; `billing` is all that billing consumes, its read models too."""


async def fill(kafka: str, subject: Subject, messages: int, contacts: int) -> None:
    """The same number of events of each contact, each round in the same order."""
    run = uuid4().hex[:24]
    names = [f"{run}{number:08x}" for number in range(contacts)]
    rounds = messages // contacts
    await publish(
        kafka, subject.topic, (subject.event(name, turn) for turn in range(rounds) for name in names)
    )


async def publish(kafka: str, topic: Topic, events: Iterable[Event]) -> None:
    """Write all of them, in order, a few thousand at a time."""
    publisher = Publisher("bench", kafka)
    await publisher.start()
    batch: list[tuple[Topic, Event]] = []
    for event in events:
        batch.append((topic, event))
        if len(batch) == 2_000:
            await publisher.publish(batch)
            batch.clear()
    await publisher.publish(batch)
    await publisher.stop()


async def consumed(name: str, kafka: str, mongo: str, messages: int) -> Figures:
    """Messages a second and processor time for each in microseconds, both from the first batch's end on."""
    subject = SUBJECTS[name]
    store = Store.connect(mongo, DATABASE)
    stream = Stream(subject.service, kafka, store)
    await _declare(name, stream, store, load_institution(CONFIG))
    labels = {"group": subject.group, "outcome": "processed"}

    def processed() -> float:
        return REGISTRY.get_sample_value("ventanilla_stream_records_total", labels) or 0

    await stream.start()  # the group's offsets stand at the end of the run before: only the last fill is new
    while processed() == 0:
        await asyncio.sleep(LOOK_SECONDS)
    started, processor, first = time.perf_counter(), time.process_time(), processed()
    while processed() < messages:
        await asyncio.sleep(LOOK_SECONDS)
    seconds, used = time.perf_counter() - started, time.process_time() - processor
    sizes = [
        len(document["state"]) + len(document["journal"])
        async for document in store.collection(subject.collection).find().limit(200)
    ]
    await stream.stop()
    await store.close()
    done = max(1, processed() - first)
    return {
        "rate": done / seconds, "processor_us": used / done * 1e6,
        "document_bytes": sum(sizes) // len(sizes), "peak_mb": megabytes("VmHWM"),
    }  # fmt: skip


async def _declare(name: str, stream: Stream, store: Store, institution: Institution) -> None:
    if name == "router":
        declare(stream, institution)
    elif name == "meter":
        rules = institution.metering
        rule = meter(institution.zone, rules.settling, rules.clock_skew, came_at=arrival_clock(institution))
        stream.keyed(
            METERS, METER_INPUTS, collection=METERS_COLLECTION, state=Meter, decide=rule,
            indexed=lambda state: indexed(state, rules.clock_skew),
        )  # fmt: skip
    else:
        sessions, places = Sessions(store, institution.zone), Places(store, institution.zone)
        ledger = Ledger(store)
        for part in (sessions, places, ledger):
            await part.prepare()
        consume(stream, institution, sessions, places, ledger, on_sessions=lambda: None)


if __name__ == "__main__":
    name, kafka, mongo, messages = sys.argv[1:]
    answer(consumed(name, kafka, mongo, int(messages)))
