"""The streams' promises, on a real broker and a real store."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from uuid import uuid4

import pytest
from pydantic import BaseModel

from stack.topics.declared import DEAD_LETTER_BYTES
from support.engines import RunningEngines
from support.messages import received
from support.topics import LARGEST_VALUE, dead_letters, events, eventually_events, make, write, write_raw
from ventanilla.contracts.channel import ReceivedMessage
from ventanilla.contracts.conversation import ConversationTimer
from ventanilla.contracts.event import Event, derived_id
from ventanilla.dead_letters import DeadLetter
from ventanilla.store import Store
from ventanilla.stream import Decision, Received, Stream, StreamUnavailableError
from ventanilla.topics import RECEIVED, TIMER


class Tally(BaseModel):
    """What one contact said, in order."""

    ids: list[str] = []


def tally(state: Tally | None, event: Event) -> Decision[Tally]:
    if getattr(event, "provider_message_id", "").endswith("poison"):
        raise ValueError("the decision trips over this")
    ids = [*(state.ids if state else []), event.id]
    echo = ConversationTimer(
        id=derived_id("echo", event.id),
        occurred_at=event.occurred_at,
        contact_id=event.contact_id,
        correlation_id=event.correlation_id,
        conversation_id=str(len(ids)),
        due_at=event.occurred_at,
    )
    return Decision(Tally(ids=ids), ((TIMER, echo),))


@pytest.fixture
async def service(engines: RunningEngines) -> str:
    name = f"svc-{uuid4().hex[:8]}"
    await make(engines.kafka, RECEIVED.dead_letters(name), max_message_bytes=str(DEAD_LETTER_BYTES))
    return name


@pytest.fixture
async def store(engines: RunningEngines, database: str) -> AsyncIterator[Store]:
    store = Store.connect(engines.mongo, database)
    yield store
    await store.close()


def people(count: int) -> list[str]:
    run = uuid4().hex[:24]
    return [f"{run}{number:08x}" for number in range(count)]


async def letters_of(kafka: str, service: str, key: bytes) -> list[DeadLetter]:
    """The dead letters of one key, in order."""
    letters = await dead_letters(kafka, RECEIVED.dead_letters(service))
    return [letter for letter in letters if letter.key == key]


async def ready(stream: Stream) -> None:
    async with asyncio.timeout(20):
        while await stream.problems():
            await asyncio.sleep(0.05)


async def test_each_message_counts_once_and_in_order(
    engines: RunningEngines, store: Store, service: str
) -> None:
    contacts = people(40)
    messages = [received(contact, number) for number in range(10) for contact in contacts]
    await write(engines.kafka, RECEIVED, messages)
    stream = Stream(service, engines.kafka, store)
    state = stream.keyed("k", [RECEIVED], collection="tally", state=Tally, decide=tally)
    await stream.start()
    await eventually_events(engines.kafka, TIMER, ConversationTimer, set(contacts), len(messages))
    await stream.stop()
    for contact in contacts:
        kept = await state.read(contact)
        assert kept is not None
        assert kept.ids == [message.id for message in messages if message.contact_id == contact]


async def test_a_second_run_from_the_beginning_changes_nothing_and_repeats_the_same_ids(
    engines: RunningEngines, store: Store, service: str
) -> None:
    contacts = people(5)
    await write(engines.kafka, RECEIVED, [received(c, n) for n in range(4) for c in contacts])
    for attempt in ("first", "again"):
        # The same state under another group: every record is read once more, as after lost offsets.
        stream = Stream(f"{service}-{attempt}", engines.kafka, store)
        state = stream.keyed("k", [RECEIVED], collection="tally", state=Tally, decide=tally)
        await stream.start()
        await eventually_events(engines.kafka, TIMER, ConversationTimer, set(contacts), 20)
        async with asyncio.timeout(20):
            while await stream.problems():
                await asyncio.sleep(0.05)
        await stream.stop()
    for contact in contacts:
        kept = await state.read(contact)
        assert kept is not None
        assert len(kept.ids) == 4
    echoes = await events(engines.kafka, TIMER, ConversationTimer, set(contacts))
    assert len({echo.id for echo in echoes}) == 20


async def test_outputs_survive_a_failure_between_the_write_and_the_publication(
    engines: RunningEngines, store: Store, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    contacts = people(3)
    stream = Stream(service, engines.kafka, store)
    state = stream.keyed("k", [RECEIVED], collection="tally", state=Tally, decide=tally)
    send = stream._publisher.send
    failures = 2

    async def failing(batch: Sequence[object]) -> None:
        nonlocal failures
        if batch and failures:
            failures -= 1
            raise StreamUnavailableError("no broker")
        await send(batch)  # type: ignore[arg-type]

    monkeypatch.setattr(stream._publisher, "send", failing)
    await stream.start()
    await write(engines.kafka, RECEIVED, [received(contact, 0) for contact in contacts])
    echoes = await eventually_events(engines.kafka, TIMER, ConversationTimer, set(contacts), 3)
    await stream.stop()
    assert failures == 0
    assert {echo.id for echo in echoes} == {
        derived_id("echo", received(contact, 0).id) for contact in contacts
    }
    for contact in contacts:
        kept = await state.read(contact)
        assert kept is not None
        assert len(kept.ids) == 1


async def test_a_part_of_a_batch_that_cannot_be_published_takes_no_other_with_it(
    engines: RunningEngines, store: Store, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    contacts = people(400)
    messages = [received(contact, 0) for contact in contacts]
    await write(engines.kafka, RECEIVED, messages)
    stream = Stream(service, engines.kafka, store)
    state = stream.keyed("k", [RECEIVED], collection="tally", state=Tally, decide=tally)
    send, sends = stream._publisher.send, 0

    async def failing(batch: Sequence[object]) -> None:
        nonlocal sends
        sends += 1
        if sends == 2:
            raise StreamUnavailableError("no broker")
        await send(batch)  # type: ignore[arg-type]

    monkeypatch.setattr(stream._publisher, "send", failing)
    await stream.start()
    wanted = {derived_id("echo", message.id) for message in messages}
    said: set[str] = set()
    async with asyncio.timeout(60):
        while not wanted <= said:
            said = {one.id for one in await events(engines.kafka, TIMER, ConversationTimer, set(contacts))}
    await stream.stop()
    assert said == wanted
    for message in messages:
        kept = await state.read(message.contact_id)
        assert kept is not None
        assert kept.ids == [message.id]


async def test_a_zombie_that_writes_from_an_old_state_changes_nothing(
    engines: RunningEngines, store: Store, service: str
) -> None:
    (contact,) = people(1)
    zombie = Stream(service, engines.kafka, store)
    state = zombie.keyed("k", [RECEIVED], collection="tally", state=Tally, decide=tally)
    await zombie.start()
    await write(engines.kafka, RECEIVED, [received(contact, 0)])
    await eventually_events(engines.kafka, TIMER, ConversationTimer, {contact}, 1)
    # Another owner absorbs the next record while the zombie still holds the old state in its cache.
    await store.collection("tally").update_one(
        {"_id": contact},
        {"$inc": {"version": 1}, "$set": {"state": Tally(ids=["by", "another"]).model_dump_json()}},
    )
    await write(engines.kafka, RECEIVED, [received(contact, 1)])
    await eventually_events(engines.kafka, TIMER, ConversationTimer, {contact}, 2)
    await zombie.stop()
    kept = await state.read(contact)
    assert kept is not None
    assert kept.ids == ["by", "another", received(contact, 1).id]


@pytest.mark.parametrize(
    ("value", "headers", "key", "reason"),
    [
        (b"not json", (), None, "undecodable"),
        (b"{}", (), None, "undecodable"),
        (b"x" * LARGEST_VALUE, (), None, "undecodable"),
        (None, (), None, "undecodable"),
        ("valid", (("ce_id", b"\xff\xfe"),), b"another-key", "undecodable"),
        ("poison", (), None, "handler_error"),
    ],
)
async def test_a_bad_record_becomes_a_dead_letter_and_the_next_is_processed(
    engines: RunningEngines,
    store: Store,
    service: str,
    value: bytes | str | None,
    headers: Sequence[tuple[str, bytes]],
    key: bytes | None,
    reason: str,
) -> None:
    (contact,) = people(1)
    if isinstance(value, str):
        message = received(contact, 0).model_copy(update={"provider_message_id": f"wamid.{value}"})
        value = message.model_dump_json().encode()
    stream = Stream(service, engines.kafka, store)
    stream.keyed("k", [RECEIVED], collection="tally", state=Tally, decide=tally)
    await stream.start()
    await ready(stream)
    await write_raw(engines.kafka, RECEIVED.name, key or contact.encode(), value, headers)
    await write(engines.kafka, RECEIVED, [received(contact, 1)])
    await eventually_events(engines.kafka, TIMER, ConversationTimer, {contact}, 1)
    await stream.stop()
    ours = await letters_of(engines.kafka, service, key or contact.encode())
    assert [letter.reason for letter in ours] == [reason]
    assert ours[0].topic == RECEIVED.name
    assert ours[0].offset >= 0
    assert (ours[0].value or b"") == (value or b"")


async def test_a_contact_that_waits_holds_back_nobody_else(
    engines: RunningEngines, store: Store, service: str
) -> None:
    slow, *others = people(20)
    done: list[ReceivedMessage] = []
    gate = asyncio.Event()

    async def handle(work: Received) -> None:
        assert isinstance(work.event, ReceivedMessage)
        if work.event.contact_id == slow:
            await gate.wait()
        if work.event.contact_id in {slow, *others}:
            done.append(work.event)

    stream = Stream(service, engines.kafka, store)
    stream.ordered("o", RECEIVED, handle, in_flight=1000)
    await stream.start()
    await write(engines.kafka, RECEIVED, [received(c, n) for n in range(3) for c in [slow, *others]])
    async with asyncio.timeout(20):
        while len(done) < 3 * len(others):
            await asyncio.sleep(0.02)
    assert slow not in {message.contact_id for message in done}
    gate.set()
    async with asyncio.timeout(20):
        while len(done) < 60:
            await asyncio.sleep(0.02)
    await stream.stop()
    for contact in [slow, *others]:
        assert [m.id for m in done if m.contact_id == contact] == [received(contact, n).id for n in range(3)]


async def test_work_not_finished_at_the_stop_comes_again_and_finished_work_does_not(
    engines: RunningEngines, store: Store, service: str
) -> None:
    contacts = people(12)
    hang = set(contacts[:3])
    seen: Counter[str] = Counter()

    async def handle(work: Received) -> None:
        if work.event.contact_id in hang and seen[work.event.contact_id] == 0:
            seen[work.event.contact_id] += 1
            await asyncio.sleep(3600)
        seen[work.event.contact_id] += 1

    await write(engines.kafka, RECEIVED, [received(contact, 0) for contact in contacts])
    first = Stream(service, engines.kafka, store)
    first.ordered("o", RECEIVED, handle)
    await first.start()
    async with asyncio.timeout(20):
        while any(seen[contact] == 0 for contact in contacts):
            await asyncio.sleep(0.02)
    await first.stop()
    second = Stream(service, engines.kafka, store)
    second.ordered("o", RECEIVED, handle)
    await second.start()
    async with asyncio.timeout(20):
        while any(seen[contact] < 2 for contact in hang):
            await asyncio.sleep(0.02)
    await second.stop()
    assert all(seen[contact] == 2 for contact in hang)


async def test_one_event_that_breaks_a_batch_is_set_aside_alone(
    engines: RunningEngines, store: Store, service: str
) -> None:
    contacts = people(6)
    done: set[str] = set()

    async def handle(batch: Sequence[Event]) -> None:
        if any(event.contact_id == contacts[2] for event in batch):
            raise ValueError("this one cannot be shown")
        done.update(event.contact_id for event in batch)

    stream = Stream(service, engines.kafka, store)
    stream.each_batch("b", [RECEIVED], handle)
    await stream.start()
    await write(engines.kafka, RECEIVED, [received(contact, 0) for contact in contacts])
    aside = contacts[2].encode()
    async with asyncio.timeout(20):
        while not {*contacts} - {contacts[2]} <= done:
            await asyncio.sleep(0.02)
        while not await letters_of(engines.kafka, service, aside):  # it is written after the rest is done
            pass
    await ready(stream)
    await stream.stop()
    assert [letter.reason for letter in await letters_of(engines.kafka, service, aside)] == ["handler_error"]


async def test_a_bad_deploy_stops_the_consumer_instead_of_draining_the_topic(
    engines: RunningEngines, store: Store, service: str
) -> None:
    def broken(state: Tally | None, event: Event) -> Decision[Tally]:
        raise ValueError("every decision fails")

    (contact,) = people(1)
    await write(engines.kafka, RECEIVED, [received(contact, number) for number in range(150)])
    stream = Stream(service, engines.kafka, store)
    stream.keyed("k", [RECEIVED], collection="tally", state=Tally, decide=broken)
    await stream.start()
    async with asyncio.timeout(20):
        while not any("dead letters in a row" in problem for problem in await stream.problems()):
            await asyncio.sleep(0.05)
    await stream.stop()
