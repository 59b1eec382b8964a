"""How a consumer waits: with patience for a broker that has none, and not asleep when records come.

Kafka holds a fetch without data back for half a second. The embedded broker answers it at once, and
aiokafka asks again at once: an idle consumer would take a whole core. Here an empty answer that came too
quickly is followed by a pause that grows with each one in a row and ends with the first data. A broker that
waits by itself is never paused for.

And a consumer whose readers are in no hurry collects: after records came, it fetches the next ones no
sooner than after a while. A batch of one record costs a fetch and a write like one of a hundred, and a read
model that is some tenths of a second behind is worth more than the core that it takes from those who answer.

FastStream asks a consumer for records for `batch_timeout_ms`, and when none came it sleeps for as long again:
what comes then waits. Here it asks for longer, so that it seldom sleeps; records end the asking at once.
"""

import asyncio
import time
from typing import Any

_QUICK_SECONDS = 0.02
_STEP_SECONDS = 0.002
_MAX_SECONDS = 0.1
_ASK_MS = 250


def pace(consumer: Any, collect_seconds: float = 0.0) -> None:
    """Pace a started aiokafka consumer. It offers no hook for this: its fetcher's one request is wrapped."""
    fetcher = consumer._fetcher
    fetch = fetcher._proc_fetch_request
    empty_in_a_row = 0
    rests_until: dict[int, float] = {}
    """Until when each broker is not asked again."""

    async def paced(assignment: Any, node_id: Any, request: Any) -> Any:
        nonlocal empty_in_a_row
        rest = rests_until.get(node_id, 0.0) - time.monotonic()
        if rest > 0:
            try:
                await asyncio.sleep(rest)
            except asyncio.CancelledError:
                return False  # as the fetcher's own request: it is over
        started = time.monotonic()
        got_data = await fetch(assignment, node_id, request)
        ended = time.monotonic()
        if got_data:
            empty_in_a_row = 0
            rests_until[node_id] = ended + collect_seconds
        elif ended - started < _QUICK_SECONDS:
            empty_in_a_row += 1
            rests_until[node_id] = ended + min(_MAX_SECONDS, _STEP_SECONDS * empty_in_a_row)
        return got_data

    fetcher._proc_fetch_request = paced


def ask_longer(consumer: Any) -> None:
    """Let a started aiokafka consumer wait for records in place of FastStream. Cancelling ends it at once."""
    getmany = consumer.getmany

    async def patient(*, timeout_ms: int, max_records: int | None) -> Any:
        return await getmany(timeout_ms=max(timeout_ms, _ASK_MS), max_records=max_records)

    consumer.getmany = patient
