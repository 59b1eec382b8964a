"""From a webhook to the agents' queue, and to the bot's answer, through all services on one machine.

Half of the messages are of citizens who wait for a person: each goes to `agent.conversation.queued.v1`.
The others ask the bot: each is answered on `channel.message.outbound.v1` and goes out to the sandbox, which
reports three statuses. First some write again as soon as they have their outcome: the rate until nobody has
anything left to do, reports and meters included, is the capacity: what can go on all day. (All at once would
make large batches, and a rate that no day of single messages comes to.) Then at shares of it, at random
moments. A time is taken from the moment at which a message was to be sent, so that a sender that falls behind
hides nothing, to the moment at which a consumer has the outcome.
"""

import asyncio
import json
import random
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiokafka import AIOKafkaConsumer

from bench.client import Client, signed
from bench.report import Series
from bench.sizes import Size, Start
from support.fleet import SECRET, Fleet
from support.whatsapp import ACCOUNT, change, contact, message, raw, webhook
from ventanilla.contracts.channel import Channel
from ventanilla.contracts.event import derived_id
from ventanilla.stream.pacing import pace
from ventanilla.topics import AGENT_QUEUED, OUTBOUND

SHARES = (0.5, 0.8)
TARGET_MS = 50.0
"""The 99th percentile to the queue, at half of the capacity."""
_PERCENTILES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}
_IN_TURN = 32
"""Citizens who write again as soon as they have their outcome, to measure the capacity."""
_WAITING = 100
"""Citizens who wait for a person; the others are as many as messages."""
_PERSON, _QUESTION = "quiero hablar con una persona", "q papeles piden pa quitar la hipoteca"
_DONE_SECONDS = 120
_LOOKS, _LOOK_SECONDS = 3, 0.5
"""A record that was not fetched yet is in no service's figures: nothing is left when they say so thrice."""


class Ears:
    """When each message had its outcome, by what ingest makes of its provider's id."""

    def __init__(self, kafka: str) -> None:
        self._kafka = kafka
        self.heard: dict[str, float] = {}
        self._awaited: dict[str, asyncio.Future[None]] = {}

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        consumer = AIOKafkaConsumer(AGENT_QUEUED.name, OUTBOUND.name, bootstrap_servers=self._kafka)
        await consumer.start()
        pace(consumer)  # else it takes a core from those who are measured
        task = asyncio.create_task(self._listen(consumer))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await consumer.stop()

    async def _listen(self, consumer: AIOKafkaConsumer) -> None:
        async for record in consumer:
            correlation = json.loads(record.value)["correlation_id"]
            self.heard.setdefault(correlation, time.perf_counter())
            if awaited := self._awaited.pop(correlation, None):
                awaited.set_result(None)

    async def one(self, wanted: str) -> None:
        """Raises `TimeoutError`."""
        if wanted not in self.heard:
            self._awaited[wanted] = asyncio.get_running_loop().create_future()
            await asyncio.wait_for(self._awaited[wanted], _DONE_SECONDS)

    async def all_of(self, wanted: set[str]) -> None:
        """Raises `TimeoutError`."""
        async with asyncio.timeout(_DONE_SECONDS):
            while not wanted <= self.heard.keys():
                await asyncio.sleep(0.01)


class Citizens:
    """Who writes what, and what became of it."""

    def __init__(self, fleet: Fleet, client: Client, ears: Ears) -> None:
        self._fleet = fleet
        self._client = client
        self._ears = ears
        self._written = 0
        self._waiting = [f"50361{number:06d}" for number in range(_WAITING)]

    async def ask_for_people(self) -> None:
        """The first citizens go into a queue."""
        names = [await self.write(number, _PERSON) for number in self._waiting]
        await self._ears.all_of(set(names))
        await self.quiet()

    async def write(self, number: str, text: str) -> str:
        """One webhook, accepted; returns the correlation id."""
        self._written += 1
        wamid, now = f"wamid.bench.{self._written}", str(int(time.time()))
        body = raw(
            webhook(
                change(
                    contacts=[contact("Ana", number)],
                    messages=[message(from_=number, id=wamid, timestamp=now, content={"body": text})],
                )
            )
        )
        await self._client.post(signed(body, SECRET))
        return derived_id("received", Channel.WHATSAPP, ACCOUNT, wamid)

    def next(self, place: int) -> tuple[str, str]:
        """Whose message comes next, and its text: in turn one who waits, and a new one for the bot."""
        if place % 2:
            return f"5037{self._written:07d}", _QUESTION
        return self._waiting[place // 2 % _WAITING], "y mi caso?"

    async def in_turn(self, messages: int) -> float:
        """Messages a second through everything, while somebody writes again as soon as he is answered."""
        places = iter(range(messages))

        async def one_after_another() -> None:
            for place in places:
                await self._ears.one(await self.write(*self.next(place)))

        begun = time.perf_counter()
        await asyncio.gather(*(one_after_another() for _ in range(_IN_TURN)))
        return messages / (await self.quiet() - begun)

    async def quiet(self) -> float:
        """Nobody has anything to do any more; returns since when (`time.perf_counter`)."""
        since, looks = 0.0, 0
        async with asyncio.timeout(_DONE_SECONDS):
            while looks < _LOOKS:
                at = time.perf_counter()
                if await self._fleet.backlog():
                    looks = 0
                else:
                    since = since if looks else at
                    looks += 1
                await asyncio.sleep(_LOOK_SECONDS)
        return since

    async def at(self, rate: float, seconds: float) -> tuple[list[float], list[float]]:
        """Seconds to the queue and to the bot's answer, of each message."""
        dice, due = random.Random(7), time.perf_counter()
        sending: list[tuple[int, float, asyncio.Task[str]]] = []
        async with asyncio.TaskGroup() as group:  # ends with the first message that ingest turns away
            for place in range(int(rate * seconds)):
                due += dice.expovariate(rate)
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                sending.append((place, due, group.create_task(self.write(*self.next(place)))))
        names = [(place, due, task.result()) for place, due, task in sending]
        await self._ears.all_of({name for _, _, name in names})
        times = [(place % 2, self._ears.heard[name] - due) for place, due, name in names]
        return [took for kind, took in times if not kind], [took for kind, took in times if kind]


async def measure(start: Start, size: Size) -> list[Series]:
    """Milliseconds at each share of the capacity."""
    to_queue: dict[str, list[float]] = {name: [] for name in _PERCENTILES}
    to_answer: dict[str, list[float]] = {name: [] for name in _PERCENTILES}
    with tempfile.TemporaryDirectory() as folder, start() as engines:
        environment = {"VENTANILLA_LOG_LEVEL": "WARNING"}
        with Fleet(engines, "bench_latency", Path(folder), environment) as fleet:
            fleet.start()
            await asyncio.to_thread(fleet.wait_ready)
            ears = Ears(engines.kafka)
            async with Client(fleet.port("ingest")) as client, ears.open():
                citizens = Citizens(fleet, client, ears)
                await citizens.ask_for_people()
                await citizens.in_turn(size.through // 4)  # what is slow the first time only
                capacity = await citizens.in_turn(size.through)
                for share in SHARES:
                    await citizens.at(capacity * share, size.load_seconds)  # engines in Java get quicker
                    await citizens.quiet()
                    queued, answered = await citizens.at(capacity * share, size.load_seconds)
                    await citizens.quiet()
                    for name, part in _PERCENTILES.items():
                        to_queue[name].append(_percentile(queued, part))
                        to_answer[name].append(_percentile(answered, part))
    places = [f"{share:.0%}" for share in SHARES]
    of = f"share of {capacity:,.0f} messages/s, the capacity of everything on this machine"
    return [
        Series("Webhook to the agents' queue", places, "ms", to_queue, of, TARGET_MS),
        Series("Webhook to the bot's answer", places, "ms", to_answer, of),
    ]


def _percentile(times: list[float], part: float) -> float:
    """In milliseconds."""
    return sorted(times)[min(len(times) - 1, int(len(times) * part))] * 1000
