"""Writing to Kafka: `acks=all`, idempotent, batched."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    KafkaError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    ProducerFenced,
    UnknownProducerId,
)

from ventanilla.dead_letters import DeadLetter
from ventanilla.observability import logger, redact
from ventanilla.stream.decision import Output
from ventanilla.stream.failures import StreamUnavailableError
from ventanilla.stream.lanes import Lanes, Receipt
from ventanilla.stream.records import Encoded, encode
from ventanilla.topics import Topic

log = logger(__name__)

_LOST = (
    OutOfOrderSequenceNumber,
    UnknownProducerId,
    ProducerFenced,
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    ProducerClosed,
)
"""The broker no longer knows what an idempotent producer wrote last, as after a disk that lost records: every
further batch fails alike. Beside these, the plain `KafkaError` with which aiokafka's sender dies."""


class Publisher:
    """One producer for a service. Every method returns only when all that it was given is acknowledged."""

    def __init__(self, service: str, bootstrap: str, timeout_seconds: float = 10.0) -> None:
        self._service = service
        self._bootstrap = bootstrap
        self._source = f"/ventanilla/{service}".encode()
        self._timeout = timeout_seconds
        self._lanes: Lanes | None = None
        self._renewing = asyncio.Lock()

    async def start(self) -> None:
        """Connects. Raises `KafkaError` when no broker answers."""
        self._lanes = await self._connected()

    async def _connected(self) -> Lanes:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            client_id=f"ventanilla-{self._service}",
            acks="all",
            enable_idempotence=True,
            max_batch_size=256 * 1024,
            request_timeout_ms=int(self._timeout * 1000),
        )
        await producer.start()
        return Lanes(producer)

    async def stop(self) -> None:
        """Flushes what is buffered, then disconnects."""
        if self._lanes is not None:
            await self._lanes.stop()
            self._lanes = None

    async def publish(self, outputs: Sequence[Output]) -> None:
        """Raises `StreamUnavailableError` when Kafka does not acknowledge everything in time."""
        await self.send([encode(output, self._source) for output in outputs])

    async def send(self, records: Sequence[Encoded]) -> None:
        """Like `publish`, for records that are encoded already. Their order is kept within a partition."""
        if not records:
            return
        lanes = self._lanes
        if lanes is None:
            raise StreamUnavailableError("the producer is not running")
        loop = asyncio.get_running_loop()
        receipt, deadline = Receipt(len(records)), loop.time() + self._timeout
        late = loop.call_at(deadline, receipt.failed, TimeoutError())  # a third of what `timeout_at` takes
        error: Exception | None
        try:
            for record in records:
                if not lanes.lead_to(record.topic):
                    async with asyncio.timeout_at(deadline):
                        await lanes.look_up(record.topic)
                lanes.add(record, receipt)
            await receipt.settled
            error = receipt.error
        except (KafkaError, TimeoutError) as refused:
            error = refused
        finally:
            late.cancel()
            receipt.settled.cancel()  # of a caller who is interrupted nothing is written that still waits
        if error is None:
            return
        if isinstance(error, _LOST) or type(error) is KafkaError:
            await self._renew(lanes, deadline)
        if isinstance(error, (KafkaError, TimeoutError)):
            raise StreamUnavailableError(type(error).__name__) from error
        raise error

    async def _renew(self, lost: Lanes, deadline: float) -> None:
        """Another producer in place of one that can never write again, unless somebody has seen to it, or
        the time is up.

        What the lost one still holds may come to be written after all: under the same ids, as any repeat.
        """
        with suppress(KafkaError, TimeoutError):
            async with asyncio.timeout_at(deadline), self._renewing:
                if self._lanes is not lost:
                    return
                log.warning("producer_renewed")
                self._lanes = await self._connected()
                await lost.stop()

    async def bury(self, letters: Sequence[DeadLetter]) -> None:
        """Write dead letters. Raises `StreamUnavailableError` as `publish` does."""
        await self.send(
            [
                Encoded(letter.destination, letter.key or b"", letter.value or b"", letter.headers)
                for letter in letters
            ]
        )

    def dead_letter(self, topic: Topic, key: str, value: bytes, *, reason: str, error: str) -> DeadLetter:
        """A letter for what an edge refused before it stood on `topic`."""
        return DeadLetter(
            topic=topic.name, service=self._service, reason=reason, error=redact(error),
            partition=-1, offset=-1, attempt=1, key=key.encode(), value=value,
        )  # fmt: skip
