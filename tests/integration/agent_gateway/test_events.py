"""What an open desk is told, and when there is nobody to tell the router."""

import asyncio

from support.desk import World, running_desk
from support.engines import RunningEngines
from ventanilla.contracts.channel import DeliveryStatus
from ventanilla.stream import StreamUnavailableError


async def test_the_socket_pushes_what_happens_behind_ones_own_walls(world: World) -> None:
    agent, stranger = await world.agent("agente.rprh"), await world.agent("agente.rgm")
    async with agent.events() as events, stranger.events() as nothing:
        assert (await events.until("hello"))["presence"] == "available"
        citizen = world.citizen()
        waiting = await citizen.waits_in("rprh", "hola", "hay alguien?")
        async with asyncio.timeout(10):
            while True:
                shown = (await events.until("conversation"))["conversation"]
                if shown["state"] == "waiting_for_agent":
                    break
        assert shown["id"] == waiting.id
        async with asyncio.timeout(10):
            while True:
                queues = (await events.until("queues"))["queues"]
                if queues[0]["waiting"] == 1:
                    break
        assert [queue["id"] for queue in queues] == ["rprh"]
        await agent.act(waiting, "take")
        await agent.act(waiting, "reply", {"text": "Aquí estoy."})
        async with asyncio.timeout(10):
            while True:
                message = (await events.until("message"))["message"]
                if message["content"].get("text") == "Aquí estoy.":
                    break
        await citizen.status(message["id"], DeliveryStatus.DELIVERED)
        status = await events.until("status")
        assert (status["message_id"], status["status"]) == (message["id"], "delivered")
        await agent.act(waiting, "transfer", {"queue": "comercio"})
        assert (await events.until("gone"))["conversation_id"] == waiting.id
        await nothing.until("hello")
        assert [push for push in await nothing.during(1.5) if push["type"] != "queues"] == []


async def test_presence_is_what_one_chose_while_one_is_there(world: World) -> None:
    agent, supervisor = await world.agent("agente.igcn"), await world.agent("supervisora")

    async def seen() -> str:
        colleagues = (await supervisor.get("/v1/presence"))["colleagues"]
        return next(str(one["state"]) for one in colleagues if one["id"] == "agente.igcn")

    assert await seen() == "offline"
    assert (await agent.request("PUT", "/v1/presence", {"state": "busy"})).json()["state"] == "busy"
    assert await seen() == "busy"
    assert (await agent.request("PUT", "/v1/presence", {"state": "offline"})).status_code == 422
    async with agent.events() as events:
        assert (await events.until("hello"))["presence"] == "busy"
    await agent.request("DELETE", "/v1/session")
    assert await seen() == "offline"


async def test_without_kafka_nothing_is_pretended(world: World) -> None:
    agent = await world.agent("agente.rprh")
    waiting = await world.citizen().waits_in("rprh")
    stream = world.runtime.stream
    publish, failures = stream.publish, [1]

    async def failing(*outputs: object) -> None:
        if failures:
            failures.pop()
            raise StreamUnavailableError("no broker")
        await publish(*outputs)  # type: ignore[arg-type]

    stream.publish = failing  # type: ignore[method-assign]
    refused = await agent.act(waiting, "take", key="una-clave-que-se-repite")
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    again = await agent.act(waiting, "take", key="una-clave-que-se-repite")
    assert again.status_code == 200


async def test_an_act_without_an_answer_is_undecided_not_done(
    fresh_engines: RunningEngines, database: str
) -> None:
    async with running_desk(fresh_engines, database) as world:
        waiting = await world.citizen().waits_in("rprh")
    async with running_desk(fresh_engines, database, with_router=False) as world:
        agent = await world.agent("agente.rprh")
        answer = await agent.act(waiting, "take", key="la-misma-clave")
        assert answer.status_code == 202
        assert answer.json()["decided"] is False
        assert answer.json()["conversation"]["state"] == "waiting_for_agent"
    async with running_desk(fresh_engines, database) as world:
        agent = await world.agent("agente.rprh")
        again = await agent.act(waiting, "take", key="la-misma-clave")
        assert again.status_code == 200
        assert again.json()["conversation"]["mine"]


async def test_two_replicas_are_one_desk(fresh_engines: RunningEngines, database: str) -> None:
    async with (
        running_desk(fresh_engines, database) as one,
        running_desk(fresh_engines, database, with_router=False) as other,
    ):
        here, there = await one.agent("agente.rprh"), await other.agent("agente.rprh")
        async with here.events() as events, there.events() as others:
            await events.until("hello")
            await others.until("hello")
            for number in range(4):  # of some the one replica has the partition, of some the other
                waiting = await one.citizen(f"Persona {number}").waits_in("rprh")
                key = f"la-clave-numero-{number}"
                taken = await there.act(waiting, "take", key=key)
                assert taken.status_code == 200, taken.text
                assert (await here.act(waiting, "take", key=key)).status_code == 200
                for socket in (events, others):
                    async with asyncio.timeout(10):
                        while True:
                            shown = (await socket.until("conversation"))["conversation"]
                            if shown["id"] == waiting.id and shown["mine"]:
                                break
