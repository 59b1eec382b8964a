"""The projection: topics in, the desk's own collections out. At least once; every write is guarded."""

from collections.abc import Sequence
from datetime import datetime

from agent_gateway import metrics
from agent_gateway.desk import Desk
from agent_gateway.domain.placing import conversation_at
from agent_gateway.domain.projection import Line, Rows, Told, echoed, fold, last_words
from ventanilla.clock import utc_now
from ventanilla.contracts.conversation import Change, Conversation
from ventanilla.contracts.event import Event
from ventanilla.stream import Stream
from ventanilla.topics import AGENT_QUEUED, BOT_QUEUED, ECHOED, LIFECYCLE, OUTBOUND, STATUS

INPUTS = (BOT_QUEUED, AGENT_QUEUED, OUTBOUND, LIFECYCLE, STATUS, ECHOED)

_COLLECT_SECONDS = 0.1
"""An agent does not see it, and the desk writes ten times a second at most, however many citizens write."""


def consume(stream: Stream, desk: Desk) -> None:
    """Declare the desk's consumer. Offsets are committed after a batch is written."""

    async def handle(events: Sequence[Event]) -> None:
        await project(desk, events, utc_now())

    stream.each_batch("desk", INPUTS, handle, collect_seconds=_COLLECT_SECONDS)


async def project(desk: Desk, events: Sequence[Event], now: datetime) -> None:
    """Write a batch, seen at `now`. Raises `StoreError`, and may then be repeated whole.

    In this order, so that who sees an answer sees what led to it: transcripts, conversations, echoes
    (which need them), acts.
    """
    rows = fold(events)
    lines = await _with_notes(desk, rows)
    await desk.messages.write(lines, rows.statuses.values(), now)
    await desk.conversations.write(rows.snapshots, rows.latest, now)
    await desk.echoes.write(rows.echoes.values())
    await _place_echoes(desk, rows, now)
    await desk.acts.settle(rows.outcomes.values(), now)
    desk.landings.announce()
    for kind, count in (
        ("line", len(lines)),
        ("conversation", len(rows.snapshots)),
        ("status", len(rows.statuses)),
        ("echo", len(rows.echoes)),
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


async def _place_echoes(desk: Desk, rows: Rows, now: datetime) -> None:
    """Give each echo to the conversation that it belongs to, as far as the conversations are known by now.

    An echo and its conversation come in any order, on two topics: so the echoes of a batch look for their
    conversations, and its conversations for echoes that were here before.
    """
    contacts = {echo.contact_id for echo in rows.echoes.values()}
    contacts |= {conversation.contact_id for conversation, _ in rows.snapshots.values()}
    kept = await desk.echoes.of(contacts) if contacts else []
    if not kept:
        return
    known: dict[str, list[Conversation]] = {}
    for one in await desk.conversations.of_contacts({each.echo.contact_id for each in kept}):
        known.setdefault(one.contact_id, []).append(one)
    lines: list[Line] = []
    left: list[Line] = []
    for each in kept:
        found = conversation_at(each.echo.occurred_at, known.get(each.echo.contact_id, ()))
        if found is not None and found.id != each.placed_in:
            lines.append(echoed(each.echo, found.id))
            if each.placed_in:
                left.append(echoed(each.echo, each.placed_in))
    await desk.messages.move(lines, now)
    for line in left:
        await desk.conversations.unsay(line, await desk.messages.last_said(line.conversation_id), now)
    await desk.conversations.write({}, last_words(lines), now)
    await desk.echoes.place({line.id: line.conversation_id for line in lines})
