"""A process that says thresholds once, and that dies or freezes at a step that the test names.

    python -m support.sayer BOOTSTRAP SERVICE MONTH COUNT STEP SIGNAL

It prints the percents that it was the one to say.
"""

import asyncio
import os
import sys
from decimal import Decimal
from typing import Any

from aiokafka import AIOKafkaProducer

from ventanilla.clock import utc_now
from ventanilla.contracts.billing import AllotmentReached
from ventanilla.contracts.channel import Channel
from ventanilla.contracts.event import derived_id
from ventanilla.stream import once
from ventanilla.stream.once import Once
from ventanilla.topics import ALLOTMENT

STEPS = ("began", "read", "sent_one", "sent_all", "committed")


def threshold(month: str, percent: int) -> AllotmentReached:
    """The event that every process of one service would publish for it."""
    identity = derived_id("test", month, str(percent))
    return AllotmentReached(
        id=identity,
        occurred_at=utc_now(),
        contact_id=f"whatsapp:{month}:{percent}",  # so that one transaction spans partitions
        correlation_id=identity,
        channel=Channel.WHATSAPP,
        month=month,
        threshold_percent=percent,
        used=percent,
        allotment=100,
        cost=Decimal(percent),
    )


def stopping_at(step: str, number: int, count: int) -> type[AIOKafkaProducer]:
    """A producer that sends its own process a signal when it has come to that step."""

    def reached(name: str) -> None:
        if name == step:
            os.kill(os.getpid(), number)

    class Stopping(AIOKafkaProducer):  # type: ignore[misc]
        sent = 0

        async def start(self) -> None:
            await super().start()
            reached("began")

        async def begin_transaction(self) -> None:
            reached("read")
            await super().begin_transaction()

        async def send_and_wait(self, *args: Any, **options: Any) -> Any:
            answer = await super().send_and_wait(*args, **options)
            self.sent += 1
            reached("sent_one" if self.sent == 1 else "sent_all" if self.sent == count else "")
            return answer

        async def commit_transaction(self) -> None:
            await super().commit_transaction()
            reached("committed")

    return Stopping


async def say(bootstrap: str, service: str, month: str, count: int) -> list[int]:
    """Percents 1 to `count`, said by this process."""
    new = await Once(service, bootstrap).publish(
        ALLOTMENT, [threshold(month, percent + 1) for percent in range(count)]
    )
    return [event.threshold_percent for event in new if isinstance(event, AllotmentReached)]


if __name__ == "__main__":
    bootstrap, service, month, count, step, number = sys.argv[1:]
    if step in STEPS:
        vars(once)["AIOKafkaProducer"] = stopping_at(step, int(number), int(count))
    print(*asyncio.run(say(bootstrap, service, month, int(count))), flush=True)  # noqa: T201 - its answer
