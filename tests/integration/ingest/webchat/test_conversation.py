"""A visitor's conversation over a real socket, with real Kafka and a real store."""

import asyncio
from contextlib import AsyncExitStack
from uuid import uuid4

from support.engines import RunningEngines
from support.topics import events, eventually_events
from support.webchat import MENU, connected, contact_of, replica, visiting
from ventanilla.contracts.channel import DeliveryStatus, MessageStatus, ReceivedMessage, Text, TextOut
from ventanilla.stream import StreamUnavailableError
from ventanilla.topics import RECEIVED, STATUS


async def test_a_question_is_accepted_when_kafka_has_it(engines: RunningEngines, database: str) -> None:
    async with replica(engines, database) as server, visiting(server) as (visitor, welcome):
        assert welcome["institution"] == "Registro de Prueba"
        assert (welcome["seq"], welcome["read"]) == (0, 0)
        await visitor.send(type="message", client_id="pregunta-1", text="q papeles piden")
        accepted = await visitor.until("accepted")
        assert (accepted["client_id"], accepted["seq"]) == ("pregunta-1", 1)
        (person,) = server.met
        contact = contact_of(person.ids[0])
        (event,) = await events(engines.kafka, RECEIVED, ReceivedMessage, {contact})
        assert event.content == Text(text="q papeles piden")
        assert event.account == "web"


async def test_the_answer_arrives_and_what_became_of_it_is_told(
    engines: RunningEngines, database: str
) -> None:
    async with replica(engines, database) as server, visiting(server) as (visitor, _):
        await visitor.send(type="message", client_id="pregunta-1", text="hola")
        await visitor.until("accepted")
        contact = contact_of(server.met[0].ids[0])
        answer_id = await server.say(contact, MENU)
        own, answer = await visitor.messages(2)
        assert own["author"] == {"kind": "visitor"}
        assert own["client_id"] == "pregunta-1"
        assert (answer["seq"], answer["id"]) == (2, answer_id)
        assert answer["author"] == {"kind": "bot"}
        assert [option["id"] for option in answer["content"]["options"]] == ["area:tierras", "area:comercio"]
        await visitor.send(type="ack", seq=2)
        await visitor.send(type="read", seq=2)
        statuses = await eventually_events(engines.kafka, STATUS, MessageStatus, {contact}, 2)
        assert [one.status for one in statuses] == [DeliveryStatus.DELIVERED, DeliveryStatus.READ]
        assert {one.message_id for one in statuses} == {answer_id}
        assert {one.conversation_id for one in statuses} == {"conversation-1"}


async def test_read_alone_tells_delivered_as_well_and_each_only_once(
    engines: RunningEngines, database: str
) -> None:
    async with replica(engines, database) as server, visiting(server) as (visitor, _):
        await visitor.send(type="message", client_id="pregunta-1", text="hola")
        await visitor.until("accepted")
        contact = contact_of(server.met[0].ids[0])
        await server.say(contact, TextOut(text="Buenos días"))
        await visitor.messages(2)
        for _ in range(3):
            await visitor.send(type="read", seq=2)
            await visitor.send(type="ack", seq=2)
        await visitor.send(type="ping")
        await visitor.until("pong")
        statuses = await events(engines.kafka, STATUS, MessageStatus, {contact})
        assert [one.status for one in statuses] == [DeliveryStatus.DELIVERED, DeliveryStatus.READ]


async def test_a_browser_cannot_have_read_what_was_never_sent_to_it(
    engines: RunningEngines, database: str
) -> None:
    async with replica(engines, database) as server, visiting(server) as (visitor, _):
        await visitor.send(type="message", client_id="pregunta-1", text="hola")
        await visitor.until("accepted")
        await visitor.send(type="read", seq=9_000)
        await visitor.send(type="ping")
        await visitor.until("pong")
        contact = contact_of(server.met[0].ids[0])
        await server.say(contact, TextOut(text="Buenos días"))
        await visitor.messages(2)
        assert await events(engines.kafka, STATUS, MessageStatus, {contact}) == []


async def test_a_dropped_line_loses_nothing_and_repeats_nothing(
    engines: RunningEngines, database: str
) -> None:
    async with replica(engines, database) as server:
        async with visiting(server) as (visitor, welcome):
            await visitor.send(type="message", client_id="pregunta-1", text="hola")
            await visitor.until("accepted")
            contact = contact_of(server.met[0].ids[0])
            await server.say(contact, TextOut(text="uno"))
            seen = (await visitor.messages(2))[-1]["seq"]
            await visitor.vanish()
        await server.say(contact, TextOut(text="dos"))
        await server.say(contact, TextOut(text="tres"))
        async with visiting(server, welcome["token"], last_seq=seen) as (visitor, again):
            assert again["seq"] == 4
            assert [one["content"]["text"] for one in await visitor.messages(2)] == ["dos", "tres"]
            assert await visitor.quiet()


async def test_a_message_whose_acceptance_was_lost_is_one_message(
    engines: RunningEngines, database: str
) -> None:
    async with replica(engines, database) as server:
        async with visiting(server) as (visitor, welcome):
            await visitor.send(type="message", client_id="pregunta-1", text="hola")
            first = await visitor.until("accepted")
            await visitor.vanish()
        async with visiting(server, welcome["token"], last_seq=1) as (visitor, _):
            await visitor.send(type="message", client_id="pregunta-1", text="hola")
            assert await visitor.until("accepted") == first
            await visitor.send(type="message", client_id="pregunta-2", text="sigo aquí")
            assert (await visitor.until("accepted"))["seq"] == 2
        contact = contact_of(server.met[0].ids[0])
        received = await events(engines.kafka, RECEIVED, ReceivedMessage, {contact})
        assert len(received) == 3
        assert received[0].id == received[1].id
        assert received[0].occurred_at == received[1].occurred_at


async def test_when_kafka_does_not_answer_the_browser_is_told_to_try_again(
    engines: RunningEngines, database: str
) -> None:
    async with replica(engines, database) as server, visiting(server) as (visitor, _):
        server.refuse.append(StreamUnavailableError("no broker"))
        await visitor.send(type="message", client_id="pregunta-1", text="hola")
        error = await visitor.until("error")
        assert (error["code"], error["client_id"], error["retry_after"]) == ("unavailable", "pregunta-1", 2.0)
        assert server.published == []
        await visitor.send(type="message", client_id="pregunta-1", text="hola")
        assert (await visitor.until("accepted"))["seq"] == 1


async def test_a_redelivered_answer_keeps_its_place(engines: RunningEngines, database: str) -> None:
    async with replica(engines, database) as server, visiting(server) as (visitor, _):
        await visitor.send(type="message", client_id="pregunta-1", text="hola")
        await visitor.until("accepted")
        contact = contact_of(server.met[0].ids[0])
        for message_id in ("a", "b", "a", "b", "a"):
            await server.say(contact, TextOut(text=message_id), message_id=f"{database}-{message_id}")
        assert [one["seq"] for one in await visitor.messages(3)] == [1, 2, 3]
        assert await visitor.quiet()


async def test_many_writers_at_once_leave_no_gap_and_no_double(
    engines: RunningEngines, database: str
) -> None:
    async with (
        replica(engines, database) as here,
        replica(engines, database) as there,
        visiting(here) as (visitor, _),
    ):
        await visitor.send(type="message", client_id="pregunta-1", text="hola")
        await visitor.until("accepted")
        contact = contact_of(here.met[0].ids[0])
        ids = [f"{database}-{number}" for number in range(20)]
        await asyncio.gather(
            *(
                server.say(contact, TextOut(text=one), message_id=one)
                for one in ids
                for server in (here, there)
            )
        )
        received = await visitor.messages(21)
        assert [one["seq"] for one in received] == list(range(1, 22))
        assert {one["id"] for one in received[1:]} == set(ids)
        assert await visitor.quiet()


async def test_what_another_replica_delivered_arrives_within_seconds(
    engines: RunningEngines, database: str
) -> None:
    async with (
        replica(engines, database) as here,
        replica(engines, database) as there,
        visiting(here) as (visitor, _),
    ):
        await visitor.send(type="message", client_id="pregunta-1", text="hola")
        await visitor.until("accepted")
        contact = contact_of(here.met[0].ids[0])
        await visitor.messages(1)
        await there.say(contact, TextOut(text="desde otra réplica"))
        assert (await visitor.until("message", seconds=6))["content"]["text"] == "desde otra réplica"


async def test_a_second_tab_shows_the_same_conversation(engines: RunningEngines, database: str) -> None:
    async with replica(engines, database) as server, visiting(server) as (first, welcome):
        await first.send(type="message", client_id="pregunta-1", text="hola")
        await first.until("accepted")
        async with visiting(server, welcome["token"]) as (second, _):
            (shown,) = await second.messages(1)
            assert shown["content"]["text"] == "hola"
            await first.send(type="message", client_id="pregunta-2", text="otra cosa")
            (live,) = await second.messages(1)
            assert live["client_id"] == "pregunta-2"


async def test_a_browser_that_remembers_nothing_gets_the_end_of_a_long_history(
    engines: RunningEngines, database: str
) -> None:
    async with replica(engines, database) as server:
        async with visiting(server) as (visitor, welcome):
            await visitor.send(type="message", client_id="pregunta-1", text="hola")
            await visitor.until("accepted")
            contact = contact_of(server.met[0].ids[0])
            for number in range(59):
                await server.say(contact, TextOut(text=str(number)), message_id=f"{database}-{number}")
            await visitor.messages(60)
            await visitor.send(type="ack", seq=60)
            await eventually_events(engines.kafka, STATUS, MessageStatus, {contact}, 59)
            await visitor.send(type="ping")
            await visitor.until("pong")
        async with visiting(server, welcome["token"]) as (visitor, _):
            assert [one["seq"] for one in await visitor.messages(50)] == list(range(11, 61))


async def test_a_restart_in_the_middle_loses_nothing(engines: RunningEngines, database: str) -> None:
    async with AsyncExitStack() as first_life:
        server = await first_life.enter_async_context(replica(engines, database))
        visitor, welcome = await first_life.enter_async_context(visiting(server))
        await visitor.send(type="message", client_id="pregunta-1", text="hola")
        await visitor.until("accepted")
        contact = contact_of(server.met[0].ids[0])
    async with replica(engines, database) as server:
        await server.say(contact, TextOut(text="mientras tanto"))
        async with visiting(server, welcome["token"], last_seq=1) as (visitor, _):
            assert (await visitor.until("message"))["content"]["text"] == "mientras tanto"


async def test_visitors_do_not_see_each_other(engines: RunningEngines, database: str) -> None:
    async with (
        replica(engines, database) as server,
        visiting(server) as (ana, _),
        visiting(server) as (luis, _),
    ):
        await ana.send(type="message", client_id="pregunta-1", text="soy Ana")
        await ana.until("accepted")
        await luis.send(type="message", client_id="pregunta-1", text="soy Luis")
        assert (await luis.until("accepted"))["seq"] == 1
        one, other = (contact_of(person.ids[0]) for person in server.met)
        assert one != other
        await server.say(one, TextOut(text="para Ana"), message_id=uuid4().hex)
        assert [frame["content"]["text"] for frame in await ana.messages(2)] == ["soy Ana", "para Ana"]
        await luis.messages(1)
        assert await luis.quiet()


async def test_silence_before_hello_says_why_it_ends(engines: RunningEngines, database: str) -> None:
    async with replica(engines, database) as server, connected(server) as visitor:
        await visitor.send(type="ping")
        code, (error,) = await visitor.closed()
        assert (code, error["code"]) == (4400, "bad_frame")
