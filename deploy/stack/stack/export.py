"""A month's statuses, off the topic into a file: what `ventanilla recompute` and an auditor read.

The values stand in the file as they stand on the topic, one a line, with those of `contact.linked.v1`, which
say who is one person, and those of `channel.message.echoed.v1`, whose messages do not count: without what was
written, which is nobody's business here. A topic forgets after its retention: export a month when it has
settled.
"""

import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from ventanilla.contracts.event import Event
from ventanilla.topics import CONTACT_LINKED, ECHOED, STATUS

_REACH = timedelta(hours=24)
"""A session reaches so far over the ends of its month."""
_ANSWER_MS = 5_000
_NO_CONVERSATION: dict[str, Any] = {"conversation": None, "seen": {}, "passed_on": None}
_NOTHING = {"type": "unknown", "provider_type": "not_exported"}


class ExportError(Exception):
    """The broker does not answer, or the file cannot be written."""


@dataclass
class Exported:
    """What became of the records that stood on the topics."""

    statuses: int = 0
    links: int = 0
    echoes: int = 0
    other_months: int = 0
    unreadable: int = 0
    """No event at all; services have put them among their dead letters."""


async def export_statuses(bootstrap: str, month: str, zone: ZoneInfo, path: Path) -> Exported:
    """Writes `path` whole or not at all. `month`: YYYY-MM in `zone`, and a day on either side.

    Reads everything that stands on the topics now, in no consumer group. Raises `ExportError`.
    """
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=zone)
    after = (first + timedelta(days=31)).replace(day=1)
    span = first.astimezone(UTC) - _REACH, after.astimezone(UTC) + _REACH
    done = Exported()
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("wb") as file:
            async for record in _records(bootstrap):
                if (line := _line(record, span, done)) is not None:
                    file.write(line + b"\n")
        os.replace(partial, path)
    except KafkaError as error:
        raise ExportError(f"{bootstrap}: {type(error).__name__}") from error
    except OSError as error:
        raise ExportError(f"{error.filename}: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
    return done


def _line(record: Any, span: tuple[datetime, datetime], done: Exported) -> bytes | None:
    try:
        event = Event.model_validate_json(record.value or b"")
    except ValidationError:
        done.unreadable += 1
        return None
    if record.topic == CONTACT_LINKED.name:
        done.links += 1
        return json.dumps(json.loads(record.value) | _NO_CONVERSATION).encode()
    if not span[0] <= event.occurred_at < span[1]:
        done.other_months += 1
        return None
    if record.topic == ECHOED.name:
        done.echoes += 1
        return json.dumps(json.loads(record.value) | {"content": _NOTHING}).encode()
    done.statuses += 1
    value: bytes = record.value
    return json.dumps(json.loads(value)).encode() if b"\n" in value else value


async def _records(bootstrap: str) -> AsyncIterator[Any]:
    # By itself from the beginning: a seek can be overtaken by the answer to where the end is.
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    try:
        await consumer.start()
        existing = await consumer.topics()
        partitions = []
        for topic in (STATUS.name, CONTACT_LINKED.name, ECHOED.name):
            if topic not in existing:
                raise ExportError(f"{bootstrap} has no topic {topic}: `ventanilla topics apply` makes it")
            partitions += [
                TopicPartition(topic, n) for n in sorted(consumer.partitions_for_topic(topic) or ())
            ]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        for partition in partitions:
            async for record in _partition(consumer, partition, ends[partition]):
                yield record
    finally:
        await consumer.stop()


async def _partition(consumer: AIOKafkaConsumer, partition: TopicPartition, end: int) -> AsyncIterator[Any]:
    while await consumer.position(partition) < end:
        found = await consumer.getmany(partition, timeout_ms=_ANSWER_MS, max_records=5_000)
        if not found and await consumer.position(partition) < end:
            raise ExportError(f"{partition.topic}: no answer at offset {await consumer.position(partition)}")
        for record in found.get(partition, ()):
            if record.offset < end:
                yield record
