"""The router as a service, on a real broker and a real store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from router.app import create_app
from router.settings import RouterSettings
from router.store import COLLECTION, Deadlines
from router.sweeper import Sweeper
from stack.topics import apply
from support.allotments import used_up, with_policy
from support.engines import RunningEngines
from support.messages import NOON, received
from support.topics import events, eventually_events, write
from ventanilla.access import Role, issue_token
from ventanilla.contracts.channel import OutboundMessage, TextOut
from ventanilla.contracts.conversation import (
    AgentActed,
    BotAnswered,
    BotOutcome,
    Change,
    ConversationChanged,
    ConversationQueued,
    ConversationState,
    Reply,
    Take,
)
from ventanilla.contracts.event import derived_id
from ventanilla.store import Store
from ventanilla.topics import (
    AGENT_ACTED,
    AGENT_QUEUED,
    ALLOTMENT,
    BOT_ANSWERED,
    BOT_QUEUED,
    LIFECYCLE,
    OUTBOUND,
    RECEIVED,
)

KEY = "k" * 32
REPLAY = "106540352242999"


@pytest.fixture
async def engines(fresh_engines: RunningEngines) -> RunningEngines:
    """Its own topics: the router reads them from their beginning."""
    await apply(fresh_engines.kafka)
    return fresh_engines


@pytest.fixture
def app(engines: RunningEngines, database: str) -> FastAPI:
    return create_app(
        RouterSettings.model_validate(
            {
                "kafka_bootstrap": engines.kafka,
                "mongo_url": engines.mongo,
                "mongo_database": database,
                "contact_key": KEY,
                "token_key": KEY,
            }
        )
    )


@pytest.fixture
async def store(engines: RunningEngines, database: str) -> AsyncIterator[Store]:
    store = Store.connect(engines.mongo, database)
    yield store
    await store.close()


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": f"Bearer {issue_token(KEY, 'test', Role.SUPERVISOR)}"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://router", headers=headers
        ) as client,
    ):
        yield client


def answer(queued: ConversationQueued, *texts: str, outcome: BotOutcome = BotOutcome.CONTINUE) -> BotAnswered:
    conversation = queued.conversation
    return BotAnswered(
        id=derived_id("bot", conversation.id, str(conversation.turn)),
        occurred_at=queued.occurred_at,
        contact_id=queued.contact_id,
        correlation_id=queued.correlation_id,
        conversation_id=conversation.id,
        turn=conversation.turn,
        replies=[TextOut(text=text) for text in texts],
        outcome=outcome,
        area="rprh",
    )


def act(queued: ConversationQueued, act: Take | Reply, number: int) -> AgentActed:
    return AgentActed(
        id=derived_id("act", queued.conversation.id, str(number)),
        occurred_at=queued.occurred_at + timedelta(minutes=number),
        contact_id=queued.contact_id,
        correlation_id=queued.correlation_id,
        conversation_id=queued.conversation.id,
        agent_id="ana",
        agent_name="Ana",
        act=act,
    )


def texts(messages: list[OutboundMessage]) -> list[str]:
    return [message.content.text for message in messages if isinstance(message.content, TextOut)]


async def test_a_conversation_goes_from_the_citizen_to_the_bot_to_an_agent(
    engines: RunningEngines, app: FastAPI
) -> None:
    contact = uuid4().hex
    kafka = engines.kafka
    async with running(app) as client:
        await write(kafka, RECEIVED, [received(contact, 1, "q papeles piden?")])
        (turn,) = await eventually_events(kafka, BOT_QUEUED, ConversationQueued, {contact}, 1)
        await write(kafka, BOT_ANSWERED, [answer(turn, "Le paso", outcome=BotOutcome.HANDOVER)])
        (queued,) = await eventually_events(kafka, AGENT_QUEUED, ConversationQueued, {contact}, 1)
        assert queued.conversation.queue == "rprh"
        take, reply = act(queued, Take(), 1), act(queued, Reply(content=TextOut(text="Buenas")), 2)
        await write(kafka, AGENT_ACTED, [take, reply, reply])
        said = texts(await eventually_events(kafka, OUTBOUND, OutboundMessage, {contact}, 4))
        assert [said[0], said[-1]] == ["Le paso", "Buenas"]

        shown = await client.get(f"/v1/conversations/{contact}")
        assert shown.json()["conversation"]["state"] == "with_agent"
        changes = await eventually_events(kafka, LIFECYCLE, ConversationChanged, {contact}, 4)
        assert [change.change for change in changes] == [
            Change.OPENED, Change.CLASSIFIED, Change.QUEUED, Change.ASSIGNED,
        ]  # fmt: skip
        assert len(await eventually_events(kafka, OUTBOUND, OutboundMessage, {contact}, 4)) == 4


async def test_a_restart_goes_on_where_it_was(engines: RunningEngines, app: FastAPI, database: str) -> None:
    contacts = [uuid4().hex for _ in range(50)]
    kafka = engines.kafka
    await write(kafka, RECEIVED, [received(contact, 1) for contact in contacts])
    async with running(app):
        await eventually_events(kafka, BOT_QUEUED, ConversationQueued, set(contacts), 50)
    await write(kafka, RECEIVED, [received(c, n) for c in contacts for n in (1, 2)])  # the first again
    async with running(app):
        turns = await eventually_events(kafka, BOT_QUEUED, ConversationQueued, set(contacts), 100)
    for contact in contacts:
        mine = [turn.conversation for turn in turns if turn.contact_id == contact]
        assert [conversation.turn for conversation in mine] == [1, 2]
        assert len({conversation.id for conversation in mine}) == 1


async def test_only_live_deadlines_are_swept(engines: RunningEngines, app: FastAPI, store: Store) -> None:
    live, replayed = uuid4().hex, uuid4().hex
    kafka = engines.kafka
    async with running(app):
        await write(kafka, RECEIVED, [received(live, 1), received(replayed, 1, account=REPLAY)])
        turns = await eventually_events(kafka, BOT_QUEUED, ConversationQueued, {live, replayed}, 2)
        await write(kafka, BOT_ANSWERED, [answer(turn, "Hola") for turn in turns])
        await eventually_events(kafka, OUTBOUND, OutboundMessage, {live, replayed}, 2)

        deadlines = Deadlines(store)
        late = NOON + timedelta(hours=2)
        found = [contact async for contact, _ in deadlines.passed(late, 10)]
        assert found == [live]
        assert [contact async for contact, _ in deadlines.passed(NOON, 10)] == []

        stream = app.state.runtime.stream
        assert await Sweeper(deadlines, stream, patience=timedelta()).sweep(late) == 1
        changes = await eventually_events(kafka, LIFECYCLE, ConversationChanged, {live}, 3)
        assert (changes[-1].change, changes[-1].reason) == (Change.CLOSED, "idle")
        assert changes[-1].conversation.state is ConversationState.CLOSED
        assert [contact async for contact, _ in deadlines.passed(late, 10)] == []


async def test_an_answer_for_nobody_is_a_dead_letter(engines: RunningEngines, app: FastAPI) -> None:
    contact = uuid4().hex
    kafka = engines.kafka
    async with running(app) as client:
        lost = BotAnswered(
            id=uuid4().hex, occurred_at=NOON, contact_id=contact, correlation_id="c",
            conversation_id="none", turn=1,
        )  # fmt: skip
        await write(kafka, BOT_ANSWERED, [lost])
        await write(kafka, RECEIVED, [received(contact, 1)])
        await eventually_events(kafka, BOT_QUEUED, ConversationQueued, {contact}, 1)
        assert (await client.get("/health/ready")).status_code == 200
        metrics = (await client.get("/metrics")).text
    assert 'ventanilla_stream_records_total{group="router.conversations",outcome="dead_letter"}' in metrics
    assert 'ventanilla_router_changes_total{area="none",change="opened",channel="whatsapp"}' in metrics


async def test_documents_are_small(engines: RunningEngines, app: FastAPI, store: Store) -> None:
    contact = uuid4().hex
    async with running(app):
        await write(engines.kafka, RECEIVED, [received(contact, number) for number in range(20)])
        await eventually_events(engines.kafka, BOT_QUEUED, ConversationQueued, {contact}, 20)
    document = await store.collection(COLLECTION).find_one({"_id": contact})
    assert document is not None
    assert len(document["state"]) < 1_200


async def test_with_the_allotment_used_up_the_citizen_is_told_and_the_bot_goes_on(
    engines: RunningEngines, database: str, tmp_path: Path
) -> None:
    settings = RouterSettings.model_validate(
        {
            "kafka_bootstrap": engines.kafka,
            "mongo_url": engines.mongo,
            "mongo_database": database,
            "contact_key": KEY,
            "token_key": KEY,
            "config": with_policy(tmp_path, "bot_only"),
        }
    )
    contact, kafka = uuid4().hex, engines.kafka
    await write(kafka, ALLOTMENT, [used_up(f"{NOON:%Y-%m}")])
    async with running(create_app(settings)):
        await write(kafka, RECEIVED, [received(contact, 1, "con una persona")])
        (turn,) = await eventually_events(kafka, BOT_QUEUED, ConversationQueued, {contact}, 1)
        await write(kafka, BOT_ANSWERED, [answer(turn, "Le paso", outcome=BotOutcome.HANDOVER)])
        [said] = texts(await eventually_events(kafka, OUTBOUND, OutboundMessage, {contact}, 1))
        assert said.startswith("Por este mes ya no podemos comunicarle con una persona")
        await write(kafka, RECEIVED, [received(contact, 2, "¿cuánto cuesta?")])
        turns = await eventually_events(kafka, BOT_QUEUED, ConversationQueued, {contact}, 2)
        assert turns[-1].conversation.state is ConversationState.WITH_BOT
    assert await events(kafka, AGENT_QUEUED, ConversationQueued, {contact}) == []
