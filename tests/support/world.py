"""Kafka, a store and the services as one thing to hurt, with a wire before each engine."""

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from engines.apache_kafka import ApacheKafka
from engines.documents import start_documents
from stack.engines import HOST, Engine, free_port
from stack.topics import apply
from support.clocks import clock_of
from support.engines import RunningEngines
from support.fault_table import Row
from support.fleet import Fleet
from support.proxy import Proxy
from support.traffic import Traffic


class World:
    """Everything runs inside the context. Kafka tells clients the wire's address, so all go through it."""

    def __init__(self, folder: Path, database: str) -> None:
        self._folder = folder
        self._database = database
        self._clock = folder / "clock"
        self._inside = ExitStack()
        self.store: Engine
        self.kafka: ApacheKafka
        self.kafka_wire: Proxy
        self.store_wire: Proxy
        self.fleet: Fleet
        self.talking: list[str] = []
        """The numbers of the citizens who write just now."""

    def __enter__(self) -> Self:
        enter = self._inside.enter_context
        port = free_port()
        self.kafka = ApacheKafka(
            self._folder, properties={"advertised.listeners": f"PLAINTEXT://{HOST}:{port}"}
        )
        self.kafka_wire = enter(Proxy(self.kafka.brokers[0].port, port))
        enter(self.kafka)
        asyncio.run(apply(self.kafka_wire.address))
        self.store = start_documents(self._folder)
        self._inside.callback(lambda: self.store.stop())
        self.store_wire = enter(Proxy(self.store.port))
        engines = RunningEngines(self.kafka_wire.address, f"mongodb://{self.store_wire.address}")
        self.fleet = enter(Fleet(engines, self._database, self._folder, clock_of(self._clock)))
        self.fleet.start()
        self.fleet.wait_ready()
        return self

    def __exit__(self, *_: object) -> None:
        self._inside.close()

    async def endures(
        self,
        fault: str,
        hurt: Callable[["World"], None],
        *,
        seed: int,
        repeats_allowed: int = 0,
        alike: bool = True,
    ) -> Row:
        """Traffic, `hurt` in the middle of it (in a thread; it leaves everything whole), and then the truth.

        Raises `AssertionError` when anything was lost, done twice or out of order, or sessions are wrong.
        """
        traffic = Traffic(self.fleet, self.kafka_wire.address, seed, messages=4)
        self.talking = traffic.numbers
        talking = asyncio.create_task(traffic.talk())
        await asyncio.sleep(2)
        await asyncio.to_thread(hurt, self)
        recovery = await traffic.heard()
        await talking
        await traffic.answered()
        return traffic.row(fault, await traffic.verified(repeats_allowed, alike=alike), recovery)

    def jump(self, offset: str) -> None:
        """Every service's clock is so far off, `+3h` or `-3h`, within a second; `+0` is right again."""
        self._clock.write_text(offset)
        time.sleep(1.2)

    def restart_store(self) -> None:
        """Start the store again on its file and port, after it ended."""
        self.store = start_documents(self._folder, self.store.port)
