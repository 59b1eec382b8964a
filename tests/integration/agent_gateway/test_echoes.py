"""What somebody writes on the telephone of the institution's number, as the desk shows it."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

from agent_gateway.api.views import handle
from support.desk import Agent, Citizen, World
from support.messages import received
from support.topics import write
from ventanilla.clock import utc_now
from ventanilla.contracts.channel import DeliveryStatus, MessageStatus
from ventanilla.contracts.conversation import Conversation, ConversationQueued, QueuedReason
from ventanilla.contracts.event import derived_id
from ventanilla.topics import BOT_QUEUED, STATUS


async def delivered(citizen: Citizen, provider_message_id: str) -> None:
    """The provider's status of a message that we never sent: it names no id of ours."""
    status = MessageStatus(
        id=derived_id("status", provider_message_id), occurred_at=utc_now(), contact_id=citizen.contact,
        correlation_id="c", channel=citizen.channel, account=citizen.account,
        status=DeliveryStatus.DELIVERED, provider_message_id=provider_message_id,
    )  # fmt: skip
    await write(citizen.world.engines.kafka, STATUS, [status])


async def shown(agent: Agent, conversation: Conversation, text: str) -> dict[str, Any]:
    async with asyncio.timeout(15):
        while True:
            for message in await agent.transcript(conversation):
                if message["content"].get("text") == text:
                    return message
            await asyncio.sleep(0.05)


async def test_an_answer_on_the_telephone_is_seen_live_and_so_is_what_became_of_it(world: World) -> None:
    agent, stranger = await world.agent("agente.rprh"), await world.agent("agente.rgm")
    citizen, number = world.citizen(), f"wamid.{uuid4().hex}"
    waiting = await citizen.waits_in("rprh")
    async with agent.events() as events, stranger.events() as nothing:
        await events.until("hello")
        echo = await citizen.is_told("Le llamo enseguida.", number)
        async with asyncio.timeout(15):
            while (message := (await events.until("message"))["message"])["id"] != echo:
                pass
        assert (message["direction"], message["author"]) == ("out", "telephone")
        assert (message["status"], message["provider_message_id"]) == (None, handle(number))
        await delivered(citizen, number)
        status = await events.until("status")
        assert (status["conversation_id"], status["message_id"]) == (waiting.id, echo)
        assert status["status"] == "delivered"
        await nothing.until("hello")
        assert [push for push in await nothing.during(0.5) if push["type"] != "queues"] == []
    assert (await shown(agent, waiting, "Le llamo enseguida."))["status"] == "delivered"
    (listed,) = (await agent.get("/v1/conversations?view=waiting"))["items"]
    assert listed["last"]["text"] == "Le llamo enseguida."
    assert listed["last"]["author"] == "telephone"


async def test_who_is_written_to_first_finds_it_above_his_answer(world: World) -> None:
    supervisor, citizen, number = await world.agent("supervisora"), world.citizen(), f"wamid.{uuid4().hex}"
    await delivered(citizen, number)
    echo = await citizen.is_told("Su escritura está lista.", number, utc_now() - timedelta(minutes=5))
    await world.until_stored("desk_echoes", echo)
    waiting = await citizen.waits_in("rprh", "gracias")
    message = await shown(supervisor, waiting, "Su escritura está lista.")
    assert message["status"] == "delivered"
    said = [one["content"].get("text") for one in await supervisor.transcript(waiting)]
    assert said.index("Su escritura está lista.") < said.index("gracias")
    assert (await supervisor.get("/v1/conversations?view=waiting"))["items"][0]["last"]["text"] == "gracias"


async def test_an_echo_that_came_before_its_conversation_moves_there(world: World) -> None:
    supervisor, citizen = await world.agent("supervisora"), world.citizen()
    await citizen.says("hace un mes", at=utc_now() - timedelta(days=30))
    old = await citizen.conversation()
    now = utc_now()
    await citizen.is_told("Ya le atiendo.", f"wamid.{uuid4().hex}", now)
    await shown(supervisor, old, "Ya le atiendo.")
    new = old.model_copy(update={"id": uuid4().hex, "opened_at": now - timedelta(seconds=30)})
    message = received(citizen.contact, 99, "otra vez yo", at=now - timedelta(seconds=30))
    turn = ConversationQueued(
        id=uuid4().hex, occurred_at=now, contact_id=citizen.contact, correlation_id=message.id,
        conversation=new, reason=QueuedReason.MESSAGE, message=message,
    )  # fmt: skip
    await write(world.engines.kafka, BOT_QUEUED, [turn])
    await world.until_stored("desk_conversations", new.id)
    await shown(supervisor, new, "Ya le atiendo.")
    texts = [one["content"].get("text") for one in await supervisor.transcript(old)]
    assert "Ya le atiendo." not in texts
    async with asyncio.timeout(15):
        while True:
            listed = (await supervisor.get("/v1/conversations?view=all"))["items"]
            last = {one["id"]: one["last"]["text"] for one in listed}
            if last == {old.id: "hace un mes", new.id: "Ya le atiendo."}:
                break
            await asyncio.sleep(0.05)
