"""How long a router is away: from its start to its first decision, and when replicas come, go and die.

A message for a new contact goes onto the topic every 20 ms, spread over all partitions, and what the router
makes of it is awaited: the longest wait is how long somebody had no answer.
"""

import asyncio
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from uuid import uuid4

from aiokafka import AIOKafkaConsumer

from bench.report import Series
from bench.sizes import Size, Start
from support.engines import are_real
from support.fleet import Fleet
from support.messages import received
from ventanilla.stream.publisher import Publisher
from ventanilla.topics import BOT_QUEUED, RECEIVED

_EVERY_SECONDS = 0.02
_SETTLES_SECONDS = 3.0


class Stopwatch:
    """Messages that go to the router all the time, and how long each waits for its decision."""

    def __init__(self, kafka: str) -> None:
        self._kafka = kafka
        self._waits: dict[str, float] = {}
        self._sent: dict[str, float] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._write()), group.create_task(self._watch())]
            yield
            for task in tasks:
                task.cancel()

    async def longest(self, happening: Callable[[], Awaitable[None]]) -> float:
        """Seconds that the unluckiest message waited that was sent since now, when all have been decided."""
        begun = time.perf_counter()
        await happening()
        await asyncio.sleep(_SETTLES_SECONDS)
        mine = [name for name, sent in self._sent.items() if sent >= begun - 1]
        async with asyncio.timeout(90):
            while any(name not in self._waits for name in mine):
                await asyncio.sleep(0.05)
        return max(self._waits[name] for name in mine)

    async def _write(self) -> None:
        publisher, run = Publisher("bench", self._kafka), uuid4().hex[:24]
        await publisher.start()
        try:
            for number in count():
                event = received(f"{run}{number:08x}", 0)
                self._sent[event.correlation_id] = time.perf_counter()
                await publisher.publish([(RECEIVED, event)])
                await asyncio.sleep(_EVERY_SECONDS)
        finally:
            await publisher.stop()

    async def _watch(self) -> None:
        consumer = AIOKafkaConsumer(BOT_QUEUED.name, bootstrap_servers=self._kafka)
        await consumer.start()
        try:
            async for record in consumer:
                correlation = BOT_QUEUED.event.model_validate_json(record.value).correlation_id
                if correlation in self._sent:
                    self._waits.setdefault(correlation, time.perf_counter() - self._sent[correlation])
        finally:
            await consumer.stop()


async def measure(start: Start, size: Size) -> list[Series]:
    """Seconds, each happening once."""
    with tempfile.TemporaryDirectory() as folder, start() as engines:
        environment = {"VENTANILLA_LOG_LEVEL": "WARNING"}
        with Fleet(engines, "bench_starting", Path(folder), environment, static=False) as fleet:
            found = await _happenings(fleet, Stopwatch(engines.kafka))
    return [
        Series(
            "Start and rebalance of the router",
            list(found),
            "s",
            {"longest wait": list(found.values())},
            "happening",
        )
    ]


async def _happenings(fleet: Fleet, watch: Stopwatch) -> dict[str, float]:
    found: dict[str, float] = {}
    replicas: list[str] = []

    async def started() -> None:
        fleet.start("router")
        await asyncio.to_thread(fleet.wait_ready, ["router"])

    async def joined() -> None:
        replicas.append(fleet.start_replica("router"))
        await asyncio.to_thread(fleet.wait_ready, replicas)

    async def left() -> None:
        await asyncio.to_thread(fleet.dismiss, replicas.pop())

    async def died() -> None:
        fleet.signal(replicas[0], signal.SIGKILL)

    begun = time.perf_counter()
    await started()
    found["start to ready"] = time.perf_counter() - begun
    async with watch.running():
        await asyncio.sleep(_SETTLES_SECONDS)
        found["nothing"] = await watch.longest(lambda: asyncio.sleep(1))
        if not are_real():
            return found  # the embedded broker never ends the rebalance that an unnamed second member begins
        found["a replica joins"] = await watch.longest(joined)
        found["it leaves"] = await watch.longest(left)
        await joined()
        await asyncio.sleep(_SETTLES_SECONDS)
        found["one is killed"] = await watch.longest(died)
    return found
