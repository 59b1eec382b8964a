"""How far a group has come, and what it buried, as the broker tells."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import uuid4

from stack.topics import apply
from support.engines import RunningEngines
from support.statuses import status
from support.topics import write
from ventanilla.contracts.event import Event
from ventanilla.store import Store
from ventanilla.stream import Stream
from ventanilla.topics import STATUS

AT = datetime(2026, 11, 10, 15, tzinfo=UTC)


async def test_a_groups_progress_and_its_dead_letters_add_up_to_what_was_written(
    new_engines: Callable[[], RunningEngines], database: str
) -> None:
    engines = new_engines()
    await apply(engines.kafka)
    store = Store.connect(engines.mongo, database)
    stream = Stream("billing", engines.kafka, store)
    poisoned = uuid4().hex
    taken: list[Event] = []

    async def take(events: Sequence[Event]) -> None:
        if any(one.contact_id == poisoned for one in events):
            raise ValueError("cannot be handled")
        taken.extend(events)

    stream.each_batch("taken", [STATUS], take)
    statuses = [status(uuid4().hex, "wamid.1", AT) for _ in range(20)] + [status(poisoned, "wamid.2", AT)]
    before = await stream.progress("taken", STATUS)
    assert {(one.begins, one.committed, one.ends) for one in before} == {(0, None, 0)}
    await write(engines.kafka, STATUS, statuses)
    await stream.start()
    try:
        async with asyncio.timeout(30):
            while sum(one.done for one in await stream.progress("taken", STATUS)) < len(statuses):
                await asyncio.sleep(0.2)
        assert len({one.contact_id for one in taken}) == 20
        assert await stream.buried(STATUS) == 1
        assert sum(one.ends for one in await stream.progress("taken", STATUS)) == 21
    finally:
        await stream.stop()
        await store.close()
