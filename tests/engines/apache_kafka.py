"""Apache Kafka 4 from its own jars: KRaft, every node broker and controller, data in a folder."""

import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from engines.jars import jars, java
from stack.engines import HOST, Engine, EngineError, free_port, kafka_answers, last_lines, start_engine

_CLUSTER = "dmVudGFuaWxsYS10ZXN0cw"
"""Any 16 bytes, in base64."""


@dataclass
class Broker:
    """One node. It keeps its port and its folder through `kill` and `start`."""

    number: int
    port: int
    controller_port: int
    folder: Path
    engine: Engine | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def kill(self) -> None:
        """SIGKILL, and wait for its end."""
        assert self.engine is not None, "not started"
        self.engine.process.kill()
        self.engine.process.wait()

    def pause(self) -> None:
        """SIGSTOP: its connections stay open and nothing answers."""
        assert self.engine is not None, "not started"
        self.engine.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.engine is not None, "not started"
        self.engine.process.send_signal(signal.SIGCONT)


class ApacheKafka:
    """A cluster of one broker or several. Starting blocks; raises `EngineError`."""

    def __init__(self, folder: Path, brokers: int = 1, properties: dict[str, str] | None = None) -> None:
        self.brokers = [
            Broker(number, free_port(), free_port(), folder / f"kafka-{number}")
            for number in range(1, brokers + 1)
        ]
        self._properties = properties or {}
        self._class_path = jars("kafka")
        self._java = java()

    @property
    def bootstrap(self) -> str:
        """Every broker, so that a client finds one that lives."""
        return ",".join(broker.address for broker in self.brokers)

    def start(self) -> Self:
        """Start all; they need each other to answer, so none is waited for before the last one runs."""
        for broker in self.brokers:
            self._format(broker)
        try:
            for broker in self.brokers:
                self._run(broker)
            for broker in self.brokers:
                self._wait(broker)
        except BaseException:
            self.stop()
            raise
        return self

    def restart(self, broker: Broker) -> None:
        """Start a killed one again on its data, and wait until it answers."""
        self._run(broker)
        self._wait(broker)

    def stop(self) -> None:
        """SIGTERM to all, in which time they hand over; SIGKILL to who does not end."""
        running = [broker.engine for broker in self.brokers if broker.engine is not None]
        for engine in running:
            with suppress(ProcessLookupError):
                engine.process.send_signal(signal.SIGCONT)
                engine.process.terminate()
        for engine in running:
            engine.stop(grace_seconds=10)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait(self, broker: Broker) -> None:
        """Until it answers. Raises `EngineError`."""
        assert broker.engine is not None, "not started"
        for _ in range(600):
            if kafka_answers(broker.port):
                return
            if broker.engine.process.poll() is not None:
                break
            with suppress(subprocess.TimeoutExpired):
                broker.engine.process.wait(0.1)
        raise EngineError(
            "\n  ".join([f"Kafka {broker.number} does not answer", *broker.engine.last_lines()])
        )

    def _run(self, broker: Broker) -> None:
        command = [
            self._java, "-Xmx512m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp", self._class_path, "kafka.Kafka", str(broker.folder / "server.properties"),
        ]  # fmt: skip
        broker.engine = start_engine(
            f"kafka-{broker.number}", broker.port, broker.folder.parent, lambda *_: command,
            lambda _: True,
        )  # fmt: skip

    def _format(self, broker: Broker) -> None:
        settings = broker.folder / "server.properties"
        if settings.exists():
            return
        broker.folder.mkdir(parents=True)
        replicas = min(3, len(self.brokers))
        properties = {
            "process.roles": "broker,controller",
            "node.id": str(broker.number),
            "controller.quorum.voters": ",".join(
                f"{one.number}@{HOST}:{one.controller_port}" for one in self.brokers
            ),
            "listeners": f"PLAINTEXT://{broker.address},CONTROLLER://{HOST}:{broker.controller_port}",
            "advertised.listeners": f"PLAINTEXT://{broker.address}",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": str(broker.folder / "data"),
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": "0",
            "offsets.topic.replication.factor": str(replicas),
            "offsets.topic.num.partitions": "6",
            "transaction.state.log.replication.factor": str(replicas),
            "transaction.state.log.min.isr": str(max(1, replicas - 1)),
            "transaction.state.log.num.partitions": "3",
            **self._properties,
        }
        settings.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
        log = broker.folder / "format.log"
        with log.open("wb") as output:
            done = subprocess.run(
                [self._java, "-cp", self._class_path, "kafka.tools.StorageTool", "format",
                 "--cluster-id", _CLUSTER, "--config", str(settings)],
                stdout=output, stderr=output, stdin=subprocess.DEVNULL, check=False,
            )  # fmt: skip
        if done.returncode != 0:
            raise EngineError("\n  ".join(["Kafka's folder cannot be formatted", *last_lines(log)]))
