"""Writing to Kafka: `acks=all`, idempotent, batched."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache

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
from aiokafka.partitioner import murmur2

from ventanilla.dead_letters import DeadLetter
from ventanilla.observability import logger, redact
from ventanilla.stream.decision import Output
from ventanilla.stream.failures import StreamUnavailableError
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


@lru_cache(maxsize=16_384)  # in Python it takes longer than to encode an event, and contacts come again
def _hash(key: bytes) -> int:
    return int(murmur2(key)) & 0x7FFFFFFF


def partition_of(key: bytes, partitions: Sequence[int], _available: Sequence[int]) -> int:
    """As every Kafka client chooses by default, so that strangers may write our topics too."""
    return partitions[_hash(key) % len(partitions)]


class Publisher:
    """One producer for a service. Every method returns only when all that it was given is acknowledged."""

    def __init__(self, service: str, bootstrap: str, timeout_seconds: float = 10.0) -> None:
        self._service = service
        self._bootstrap = bootstrap
        self._source = f"/ventanilla/{service}".encode()
        self._timeout = timeout_seconds
        self._producer: AIOKafkaProducer | None = None
        self._renewing = asyncio.Lock()

    async def start(self) -> None:
        """Connects. Raises `KafkaError` when no broker answers."""
        self._producer = await self._connected()

    async def _connected(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            client_id=f"ventanilla-{self._service}",
            acks="all",
            enable_idempotence=True,
            max_batch_size=256 * 1024,
            max_request_size=4 * 1024 * 1024,
            request_timeout_ms=int(self._timeout * 1000),
            partitioner=partition_of,
        )
        await producer.start()
        return producer

    async def stop(self) -> None:
        """Flushes what is buffered, then disconnects."""
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None

    async def publish(self, outputs: Sequence[Output]) -> None:
        """Raises `StreamUnavailableError` when Kafka does not acknowledge everything in time."""
        await self.send([encode(output, self._source) for output in outputs])

    async def send(self, records: Sequence[Encoded]) -> None:
        """Like `publish`, for records that are encoded already. Their order is kept within a partition."""
        if not records:
            return
        producer = self._producer
        if producer is None:
            raise StreamUnavailableError("the producer is not running")
        try:
            async with asyncio.timeout(self._timeout):  # to renew a lost producer is within it
                try:
                    acknowledgements = [
                        await producer.send(record.topic, record.value, record.key, headers=record.headers)
                        for record in records
                    ]
                    if len(acknowledgements) == 1:  # ingest's usual case, and gathering one costs 3 µs
                        await acknowledgements[0]
                    else:
                        await asyncio.gather(*acknowledgements)
                except KafkaError as error:
                    if isinstance(error, _LOST) or type(error) is KafkaError:
                        await self._renew(producer)
                    raise
        except (KafkaError, TimeoutError) as error:
            raise StreamUnavailableError(type(error).__name__) from error

    async def _renew(self, lost: AIOKafkaProducer) -> None:
        """Another producer in place of one that can never write again, unless somebody has seen to it.

        What the lost one still holds may come to be written after all: under the same ids, as any repeat.
        """
        async with self._renewing:
            if self._producer is None or self._producer is not lost:
                return
            log.warning("producer_renewed")
            with suppress(KafkaError):
                fresh = await self._connected()
                self._producer = fresh
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
