"""An agent's work, against a real router: take, answer, pass on, give back, close."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from support.desk import REPLAY, World, long_ago
from ventanilla.contracts.channel import DeliveryStatus, Menu, Option, Reaction, TextOut, Unknown
from ventanilla.contracts.conversation import BotOutcome


async def test_an_agent_takes_answers_and_closes(world: World) -> None:
    citizen, agent = world.citizen(), await world.agent("agente.rprh")
    waiting = await citizen.waits_in("rprh", "q papeles piden pa quitar la hipoteca", "una persona xfa")
    line = await agent.get("/v1/conversations?view=waiting")
    (shown,) = line["items"]
    assert shown["id"] == waiting.id
    assert shown["sender_name"] == "María Hernández"
    assert shown["last"] == {
        "at": shown["last"]["at"],
        "author": "contact",
        "kind": "text",
        "text": "una persona xfa",
    }
    assert shown["actions"] == ["take"]

    taken = await agent.act(waiting, "take")
    assert taken.status_code == 200, taken.text
    conversation = taken.json()["conversation"]
    assert conversation["state"] == "with_agent"
    assert conversation["mine"]
    assert conversation["agent_name"] == "Agente de Propiedad Raíz"

    answered = await agent.act(waiting, "reply", {"text": "Buenos días, con gusto le ayudo."})
    assert answered.status_code == 200, answered.text
    messages = await agent.transcript(waiting)
    said = [
        one["content"]["text"] for one in messages if one["author"] == "agent" and one["direction"] == "out"
    ]
    assert said == ["Buenos días, con gusto le ayudo."]
    assert messages[-1]["status"] == "pending"

    closed = await agent.act(waiting, "close")
    assert closed.json()["conversation"]["state"] == "closed"
    again = await agent.act(waiting, "reply", {"text": "¿Sigue ahí?"})
    assert again.status_code == 409
    assert again.json()["code"] == "closed"
    assert again.json()["message"] == "La conversación ya se cerró."


async def test_a_repeated_answer_is_sent_once(world: World) -> None:
    citizen, agent = world.citizen(), await world.agent()
    waiting = await citizen.waits_in("rprh")
    await agent.act(waiting, "take")
    answers = await asyncio.gather(
        *(agent.act(waiting, "reply", {"text": "Una sola vez."}, key="la-misma-clave") for _ in range(6))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["act_id"] for answer in answers}) == 1
    said = [one for one in await agent.transcript(waiting) if one["content"].get("text") == "Una sola vez."]
    assert len(said) == 1
    other = await agent.act(waiting, "reply", {"text": "Otra cosa."}, key="la-misma-clave")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    without = await agent.request("POST", f"/v1/conversations/{waiting.id}/reply", {"text": "Sin clave."})
    assert (without.status_code, without.json()["code"]) == (400, "key_required")


async def test_of_two_who_take_at_once_one_gets_it(world: World) -> None:
    admin = await world.agent("admin")
    new = {
        "username": "ana", "password": "otra-clave-larga", "role": "agent",
        "areas": ["rprh"], "display_name": "Ana",
    }  # fmt: skip
    assert (await admin.request("POST", "/v1/accounts", new)).status_code == 201
    ana, other = await world.agent("ana", "otra-clave-larga"), await world.agent("agente.rprh")
    waiting = await world.citizen().waits_in("rprh")
    answers = await asyncio.gather(ana.act(waiting, "take"), other.act(waiting, "take"))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (refused,) = [answer for answer in answers if answer.status_code == 409]
    assert refused.json()["code"] == "already_taken"
    assert refused.json()["message"] == "Otra persona tomó la conversación."
    assert refused.json()["conversation"]["state"] == "with_agent"


async def test_nobody_takes_more_than_he_can_hold(world: World) -> None:
    admin, agent = await world.agent("admin"), await world.agent("agente.rprh")
    changed = await admin.request("PATCH", "/v1/accounts/agente.rprh", {"capacity": 2})
    assert changed.status_code == 200, changed.text
    waiting = [await world.citizen().waits_in("rprh") for _ in range(4)]
    answers = await asyncio.gather(*(agent.act(one, "take") for one in waiting))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 409, 409]
    (refused, _) = [answer for answer in answers if answer.status_code == 409]
    assert refused.json()["code"] == "capacity"
    mine = (await agent.get("/v1/conversations?view=mine"))["items"]
    assert len(mine) == 2
    one = next(one for one in waiting if one.id == mine[0]["id"])
    assert (await agent.act(one, "release")).status_code == 200
    left = next(one for one in waiting if one.id not in {shown["id"] for shown in mine})
    assert (await agent.act(left, "take")).status_code == 200


async def test_a_transfer_takes_the_note_along_and_leaves_the_walls(world: World) -> None:
    agent, colleague = await world.agent("agente.rprh"), await world.agent("agente.comercio")
    citizen = world.citizen()
    waiting = await citizen.waits_in("rprh")
    await agent.act(waiting, "take")
    assert (await colleague.request("GET", f"/v1/conversations/{waiting.id}")).status_code == 404
    moved = await agent.act(waiting, "transfer", {"queue": "comercio", "note": "Pregunta por su matrícula."})
    assert moved.status_code == 200, moved.text
    assert moved.json()["conversation"] is None
    assert (await agent.request("GET", f"/v1/conversations/{waiting.id}")).status_code == 404
    notes = [one["content"] for one in await colleague.transcript(waiting) if one["direction"] == "note"]
    told = next(note for note in notes if note["change"] == "transferred")
    assert told["note"] == "Pregunta por su matrícula."
    assert told["queue"] == "comercio"
    unknown = await colleague.act(waiting, "transfer", {"queue": "nada"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_queue")


async def test_a_supervisor_takes_over_from_bot_and_agent(world: World) -> None:
    supervisor, agent = await world.agent("supervisora"), await world.agent("agente.rprh")
    citizen = world.citizen()
    await citizen.says("hola")
    with_bot = await citizen.conversation()
    assert (await agent.request("GET", f"/v1/conversations/{with_bot.id}")).status_code == 404
    taken = await supervisor.act(with_bot, "take")
    assert taken.status_code == 200, taken.text
    other = await world.citizen().waits_in("rprh")
    await agent.act(other, "take")
    assert (await supervisor.act(other, "take")).json()["conversation"]["mine"]
    late = await agent.act(other, "reply", {"text": "¿Hola?"})
    assert (late.status_code, late.json()["code"]) == (409, "not_assigned_to_you")


async def test_after_the_window_only_the_template_goes(world: World) -> None:
    citizen, agent = world.citizen(), await world.agent("agente.rprh")
    waiting = await citizen.waits_in("rprh", at=long_ago())
    await agent.act(waiting, "take")
    refused = await agent.act(waiting, "reply", {"text": "¿Sigue con la duda?"})
    assert refused.status_code == 409
    assert refused.json()["code"] == "window_closed"
    assert refused.json()["template"] == {"name": "seguimiento_consulta", "language": "es"}
    wrong = await agent.act(waiting, "reply", {"template": "otra"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "unknown_template")
    sent = await agent.act(waiting, "reply", {"template": "seguimiento_consulta"})
    assert sent.status_code == 200, sent.text
    assert sent.json()["conversation"]["window"]["seconds_left"] == 0
    assert (await agent.transcript(waiting))[-1]["content"]["type"] == "template"
    await citizen.says("sí, sigo")
    assert (await agent.act(waiting, "reply", {"text": "Con gusto."})).status_code == 200


async def test_statuses_never_go_backwards_and_may_come_before_their_message(world: World) -> None:
    citizen, agent = world.citizen(), await world.agent("agente.rprh")
    waiting = await citizen.waits_in("rprh")
    await agent.act(waiting, "take")
    await agent.act(waiting, "reply", {"text": "Un texto largo, en dos partes."})
    message = (await agent.transcript(waiting))[-1]["id"]
    for part, status in [(0, "read"), (0, "sent"), (1, "sent"), (1, "delivered"), (1, "accepted")]:
        await citizen.status(message, DeliveryStatus(status), part=part, parts=2)

    async def shown() -> dict[str, Any]:
        return (await agent.transcript(waiting))[-1]

    async with asyncio.timeout(10):
        while [part["status"] for part in (await shown())["parts"]] != ["read", "delivered"]:
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    assert (await shown())["status"] == "delivered"
    await citizen.status(message, DeliveryStatus.FAILED, part=1, parts=2)
    await asyncio.sleep(0.3)
    assert (await shown())["status"] == "delivered"


async def test_a_transcript_shows_everything_in_the_channels_order(world: World) -> None:
    citizen, agent = world.citizen(), await world.agent("agente.rprh")
    await citizen.says("hola")
    menu = Menu(text="¿Qué necesita?", options=[Option(id="rprh", title="Propiedad Raíz")], button="Ver")
    await citizen.bot_says(TextOut(text="Buenos días."), menu)
    await citizen.says(content=Unknown(provider_type="hologram", payload={"x": 1}))
    await citizen.bot_says(outcome=BotOutcome.HANDOVER, area="rprh")
    conversation = await citizen.conversation()
    async with asyncio.timeout(10):
        while not (await agent.get("/v1/conversations?view=waiting"))["items"]:
            await asyncio.sleep(0.05)
    await citizen.says(content=Reaction(provider_message_id="wamid.x", emoji="👍"))
    kinds = [(one["direction"], one["content"]["type"]) for one in await agent.transcript(conversation)]
    assert kinds[:4] == [("in", "text"), ("out", "text"), ("out", "menu"), ("in", "unknown")]
    assert ("note", "change") in kinds
    assert kinds[-1] == ("in", "reaction")
    page = await agent.get(f"/v1/conversations/{conversation.id}?limit=2")
    assert len(page["messages"]) == 2
    before = await agent.get(f"/v1/conversations/{conversation.id}?limit=2&before={page['earlier']}")
    ids = [one["id"] for one in before["messages"] + page["messages"]]
    assert ids == [one["id"] for one in await agent.transcript(conversation)][-4:]


async def test_unread_counts_what_came_since_the_agent_looked(world: World) -> None:
    citizen, agent = world.citizen(), await world.agent("agente.rprh")
    waiting = await citizen.waits_in("rprh")
    await agent.act(waiting, "take")
    last = (await agent.transcript(waiting))[-1]
    path = f"/v1/conversations/{waiting.id}/read"
    assert (await agent.request("PUT", path, {"until": last["stored_at"]})).status_code == 204
    for _ in range(3):
        await citizen.says("¿sigue ahí?")
    (shown,) = (await agent.get("/v1/conversations?view=mine"))["items"]
    assert shown["unread"] == 3
    last = (await agent.transcript(waiting))[-1]
    await agent.request("PUT", path, {"until": last["stored_at"]})
    (shown,) = (await agent.get("/v1/conversations?view=mine"))["items"]
    assert shown["unread"] == 0


async def test_a_recorded_day_is_lived_by_its_own_clock(world: World) -> None:
    recorded = datetime(2023, 6, 13, 15, 0, tzinfo=UTC)  # a Tuesday, 9:00 in El Salvador
    citizen, agent = world.citizen(account=REPLAY), await world.agent("agente.rprh")
    waiting = await citizen.waits_in("rprh", at=recorded)
    (shown,) = (await agent.get("/v1/conversations?view=waiting"))["items"]
    assert shown["waiting_seconds"] < 60
    assert 23 * 3600 < shown["window"]["seconds_left"] <= 24 * 3600
    await agent.act(waiting, "take")
    assert (await agent.act(waiting, "reply", {"text": "Buenos días."})).status_code == 200
    last = (await agent.transcript(waiting))[-1]
    assert last["at"].startswith("2023-06-13T15:0")
