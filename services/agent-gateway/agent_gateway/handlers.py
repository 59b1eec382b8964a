"""The projection: topics in, the desk's own collections out. At least once; every write is guarded."""

from collections.abc import Sequence
from datetime import datetime

from agent_gateway import metrics
from agent_gateway.desk import Desk
from agent_gateway.domain.projection import Line, Rows, Told, fold
from ventanilla.clock import utc_now
from ventanilla.contracts.conversation import Change
from ventanilla.contracts.event import Event
from ventanilla.stream import Stream
from ventanilla.topics import AGENT_QUEUED, BOT_QUEUED, LIFECYCLE, OUTBOUND, STATUS

INPUTS = (BOT_QUEUED, AGENT_QUEUED, OUTBOUND, LIFECYCLE, STATUS)


def consume(stream: Stream, desk: Desk) -> None:
    """Declare the desk's consumer. Offsets are committed when a batch is written."""

    async def handle(events: Sequence[Event]) -> None:
        await project(desk, events, utc_now())

    stream.each_batch("desk", INPUTS, handle)


async def project(desk: Desk, events: Sequence[Event], now: datetime) -> None:
    """Write a batch, seen at `now`. Raises `StoreError`, and may then be repeated whole.

    In this order, so that who sees an answer sees what led to it: transcripts, conversations, acts.
    """
    rows = fold(events)
    lines = await _with_notes(desk, rows)
    await desk.messages.write(lines, rows.statuses.values(), now)
    await desk.conversations.write(rows.snapshots, rows.latest, now)
    await desk.acts.settle(rows.outcomes.values(), now)
    desk.landings.announce()
    for kind, count in (
        ("line", len(lines)),
        ("conversation", len(rows.snapshots)),
        ("status", len(rows.statuses)),
    ):
        metrics.PROJECTED.labels(kind).inc(count)


async def _with_notes(desk: Desk, rows: Rows) -> list[Line]:
    """The lines, with what agents wrote for the colleague whom they passed a conversation on to.

    Lifecycle events bear no note; the desk kept it with the act, before it asked the router.
    """
    told = {
        line.act_id: line
        for line in rows.lines.values()
        if line.act_id is not None and Told.model_validate_json(line.content).change is Change.TRANSFERRED
    }
    for act_id, note in (await desk.acts.notes(list(told))).items():
        line = told[act_id]
        content = Told.model_validate_json(line.content).model_copy(update={"note": note})
        rows.lines[line.id] = line.model_copy(update={"content": content.model_dump_json(exclude_none=True)})
    return list(rows.lines.values())
