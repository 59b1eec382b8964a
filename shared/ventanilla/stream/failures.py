"""What can go wrong in a stream, told apart by what must be done about it."""

import asyncio

from aiokafka.errors import KafkaError

from ventanilla.store import StoreError


class StreamUnavailableError(Exception):
    """Kafka did not acknowledge in time. The records may or may not be there: publish them again."""


class TooManyDeadLettersError(Exception):
    """So many records in a row could not be processed that the fault is ours: the consumer stops."""


INFRASTRUCTURE = (StoreError, KafkaError, StreamUnavailableError, OSError, asyncio.TimeoutError)
"""Failures of an engine or the network: the same work is tried again, for ever, and never dead-lettered."""
