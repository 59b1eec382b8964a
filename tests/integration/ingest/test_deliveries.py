"""An answer goes out: through the real consumer, to a provider on a real socket, to the status events."""

import asyncio
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import BaseModel

from ingest.deliveries.delivery import Delivery
from ingest.settings import IngestSettings
from ingest.store.deliveries import Deliveries
from support.engines import RunningEngines
from support.provider import Json, Provider
from support.topics import eventually_events, write
from support.whatsapp import ACCOUNT, OTHER_ACCOUNT, change, message, raw, signed, status, webhook
from ventanilla.access import Role, issue_token
from ventanilla.clock import utc_now
from ventanilla.contacts import contact_id
from ventanilla.contracts.channel import (
    Author,
    Channel,
    DeliveryStatus,
    MessageStatus,
    OutboundContent,
    OutboundMessage,
    Template,
    TextOut,
)
from ventanilla.contracts.event import derived_id
from ventanilla.store import StoreError
from ventanilla.topics import OUTBOUND, STATUS

from .conftest import SECRET, Ingest


class Citizen(BaseModel):
    number: str
    account: str = ACCOUNT

    @property
    def id(self) -> str:
        return contact_id(b"k" * 32, Channel.WHATSAPP, self.account, self.number)

    async def write(self, client: httpx.AsyncClient, **more: Any) -> None:
        sent = message(from_=self.number, id=f"wamid.{uuid4().hex}", **more)
        await post(client, change(self.account, messages=[sent]))


def somebody(account: str = ACCOUNT) -> Citizen:
    return Citizen(number=f"503{uuid4().int % 10**8:08d}", account=account)


async def post(client: httpx.AsyncClient, *changes: Json) -> None:
    body = raw(webhook(*changes))
    answer = await client.post("/webhooks/whatsapp", content=body, headers=signed(SECRET, body))
    assert answer.status_code == 200


def answer(to: Citizen, text: str | OutboundContent = "Buenas tardes.", **more: Any) -> OutboundMessage:
    identity = derived_id("test", uuid4().hex)
    return OutboundMessage(
        **{
            "id": identity,
            "occurred_at": utc_now(),
            "contact_id": to.id,
            "correlation_id": identity,
            "conversation_id": f"conv-{to.id}",
            "channel": Channel.WHATSAPP,
            "account": to.account,
            "author": Author(kind="bot"),
            "content": TextOut(text=text) if isinstance(text, str) else text,
            "reply_window_until": utc_now() + timedelta(hours=24),
            "cause_id": "cause",
            **more,
        }
    )


async def statuses(engines: RunningEngines, to: Citizen, count: int) -> list[MessageStatus]:
    return await eventually_events(engines.kafka, STATUS, MessageStatus, {to.id}, count)


def words(found: list[MessageStatus]) -> list[str]:
    return [status.status.value for status in found]


async def test_what_the_provider_took_is_not_sent_again_because_the_store_was_away(
    ingest: Ingest, fresh_engines: RunningEngines, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, away = Deliveries.keep, 1

    async def keeps_at_the_second_try(deliveries: Deliveries, delivery: Delivery) -> None:
        nonlocal away
        if away:
            away -= 1
            raise StoreError("away")
        await keep(deliveries, delivery)

    citizen = somebody()
    async with ingest() as client:
        await citizen.write(client)
        monkeypatch.setattr(Deliveries, "keep", keeps_at_the_second_try)
        await write(fresh_engines.kafka, OUTBOUND, [answer(citizen)])
        (accepted,) = await statuses(fresh_engines, citizen, 1)
    assert accepted.status is DeliveryStatus.ACCEPTED
    assert len(provider.requests) == 1


async def test_an_answer_reaches_the_number_and_is_accepted(
    ingest: Ingest, fresh_engines: RunningEngines, provider: Provider
) -> None:
    citizen = somebody()
    async with ingest() as client:
        await citizen.write(client)
        sent = answer(citizen)
        await write(fresh_engines.kafka, OUTBOUND, [sent])
        (accepted,) = await statuses(fresh_engines, citizen, 1)
    assert provider.requests == [
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": citizen.number,
            "biz_opaque_callback_data": f"{sent.id}:0:1:{sent.conversation_id}",
            "type": "text",
            "text": {"preview_url": False, "body": "Buenas tardes."},
        }
    ]
    assert provider.paths == [f"/v23.0/{ACCOUNT}/messages"]
    assert provider.tokens == ["Bearer access token"]
    assert (accepted.status, accepted.provider_message_id) == (DeliveryStatus.ACCEPTED, "wamid.P1")
    assert (accepted.message_id, accepted.conversation_id) == (sent.id, sent.conversation_id)
    assert accepted.correlation_id == sent.correlation_id


async def test_parts_and_messages_of_one_person_arrive_in_order_however_the_provider_stumbles(
    ingest: Ingest, fresh_engines: RunningEngines, provider: Provider
) -> None:
    citizen = somebody()
    long = " ".join(f"{number:06d}" for number in range(1500))
    sent = [answer(citizen, long), *(answer(citizen, f"después {number}") for number in range(4))]
    provider.fail(131056)
    provider.say(502, b"<html>")
    provider.say(200, b"?")
    async with ingest() as client:
        await citizen.write(client)
        await write(fresh_engines.kafka, OUTBOUND, sent)
        found = await statuses(fresh_engines, citizen, 7)
    assert set(words(found)) == {"accepted"}
    assert "".join(provider.texts[3:6]) == long
    assert provider.texts[6:] == [f"después {number}" for number in range(4)]
    assert [(one.message_id, one.part, one.parts) for one in found[:3]] == [
        (sent[0].id, p, 3) for p in range(3)
    ]
    assert len({one.provider_message_id for one in found}) == 7


async def test_who_waits_for_the_provider_holds_up_nobody_else(
    ingest: Ingest, fresh_engines: RunningEngines, provider: Provider
) -> None:
    patient, others = somebody(), [somebody() for _ in range(20)]
    arrived: dict[str, float] = {}

    async def note(request: Json) -> None:
        arrived.setdefault(request["to"], time.monotonic())

    provider.fail(80007, 429, Retry_After="3")
    provider.before = note
    async with ingest() as client:
        for citizen in (patient, *others):
            await citizen.write(client)
        await write(fresh_engines.kafka, OUTBOUND, [answer(patient)])
        while patient.number not in arrived:
            await asyncio.sleep(0.02)
        await write(fresh_engines.kafka, OUTBOUND, [answer(citizen) for citizen in others])
        everybody = {citizen.id for citizen in (patient, *others)}
        await eventually_events(fresh_engines.kafka, STATUS, MessageStatus, everybody, 21)
    first = arrived[patient.number]
    assert len(provider.requests) == 22
    assert max(arrived[citizen.number] for citizen in others) - first < 2.5
    assert provider.requests[-1]["to"] == patient.number


async def test_what_the_provider_will_never_take_fails_at_once_with_all_that_follows_it(
    ingest: Ingest, fresh_engines: RunningEngines, provider: Provider
) -> None:
    citizen = somebody()
    provider.answers.append(lambda _: provider_accepts("wamid.first"))
    provider.fail(131026)
    long = answer(citizen, "palabra " * 1400)
    async with ingest() as client:
        await citizen.write(client)
        await write(fresh_engines.kafka, OUTBOUND, [long, answer(citizen, "la siguiente")])
        found = await statuses(fresh_engines, citizen, 4)
    assert words(found) == ["accepted", "failed", "failed", "accepted"]
    assert [one.error.code if one.error else None for one in found] == [
        None,
        "131026",
        "part_before_failed",
        None,
    ]
    assert len(provider.requests) == 3


async def test_outside_the_window_the_template_goes_out_and_says_so(
    ingest: Ingest, fresh_engines: RunningEngines, provider: Provider
) -> None:
    citizen = somebody()
    past = utc_now() - timedelta(seconds=1)
    late = answer(citizen, "palabra " * 1400, reply_window_until=past)
    own = answer(citizen, Template(name="aviso", language="es"), reply_window_until=past)
    async with ingest() as client:
        await citizen.write(client)
        await write(fresh_engines.kafka, OUTBOUND, [late, own])
        found = await statuses(fresh_engines, citizen, 2)
    assert [request["template"]["name"] for request in provider.requests] == ["seguimiento_consulta", "aviso"]
    assert [(one.status.value, one.template, one.parts) for one in found] == [
        ("accepted", "seguimiento_consulta", 1),
        ("accepted", None, 1),
    ]


async def test_a_window_that_only_the_provider_knows_to_be_closed_is_answered_once_by_the_template(
    ingest: Ingest, fresh_engines: RunningEngines, provider: Provider
) -> None:
    citizen = somebody()
    for _ in range(3):
        provider.fail(131047)
    async with ingest() as client:
        await citizen.write(client)
        await write(fresh_engines.kafka, OUTBOUND, [answer(citizen)])
        (failed,) = await statuses(fresh_engines, citizen, 1)
    assert [request["type"] for request in provider.requests] == ["text", "template"]
    assert failed.error is not None
    assert (failed.status, failed.error.code) == (DeliveryStatus.FAILED, "131047")


async def test_without_a_template_it_is_refused_and_not_even_tried(
    ingest: Ingest,
    fresh_engines: RunningEngines,
    provider: Provider,
    settings: IngestSettings,
    tmp_path: Any,
) -> None:
    bare = tmp_path / "bare.yaml"
    lines = settings.config.read_text().splitlines(keepends=True)
    bare.write_text("".join(line for line in lines if "window_template" not in line))
    object.__setattr__(settings, "config", bare)
    citizen = somebody()
    async with ingest() as client:
        await citizen.write(client)
        late = answer(citizen, reply_window_until=utc_now() - timedelta(days=2))
        await write(fresh_engines.kafka, OUTBOUND, [late])
        (refused,) = await statuses(fresh_engines, citizen, 1)
    assert provider.requests == []
    assert refused.error is not None
    assert (refused.status, refused.error.code) == (DeliveryStatus.REFUSED, "window_closed")


async def test_a_recorded_day_lives_by_its_own_time(
    ingest: Ingest, fresh_engines: RunningEngines, provider: Provider
) -> None:
    citizen = somebody(OTHER_ACCOUNT)
    then = utc_now() - timedelta(days=400)
    recorded = answer(citizen, occurred_at=then, reply_window_until=then + timedelta(hours=24))
    async with ingest() as client:
        await citizen.write(client)
        await write(fresh_engines.kafka, OUTBOUND, [recorded])
        (accepted,) = await statuses(fresh_engines, citizen, 1)
    assert provider.requests[0]["type"] == "text"
    assert then <= accepted.occurred_at < then + timedelta(minutes=1)


async def test_who_was_never_heard_of_cannot_be_written_to(
    ingest: Ingest, fresh_engines: RunningEngines, provider: Provider
) -> None:
    stranger = somebody()
    async with ingest():
        await write(fresh_engines.kafka, OUTBOUND, [answer(stranger), answer(stranger, account="not ours")])
        found = await statuses(fresh_engines, stranger, 2)
    assert [(one.status.value, one.error.code if one.error else "") for one in found] == [
        ("failed", "no_address"),
        ("failed", "no_channel"),
    ]
    assert provider.requests == []


async def test_a_group_is_answered_as_a_group_and_a_hidden_number_by_its_user_id(
    ingest: Ingest, fresh_engines: RunningEngines, provider: Provider
) -> None:
    group, hidden = Citizen(number=f"Y2Fw{uuid4().hex}"), Citizen(number=f"SV.{uuid4().int % 10**17}")
    async with ingest() as client:
        await somebody().write(client, group_id=group.number)
        await post(client, change(messages=[message(from_=None, from_user_id=hidden.number)]))
        for citizen in (group, hidden):
            await write(fresh_engines.kafka, OUTBOUND, [answer(citizen)])
            await statuses(fresh_engines, citizen, 1)
    first, second = provider.requests
    assert (first["recipient_type"], first["to"]) == ("group", group.number)
    assert (second["recipient"], "to" in second) == (hidden.number, False)


async def test_after_a_crash_it_goes_on_at_the_part_that_was_next(
    ingest: Ingest, fresh_engines: RunningEngines, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    citizen = somebody()
    long = answer(citizen, " ".join(f"{number:06d}" for number in range(1500)))
    reached, over = asyncio.Event(), asyncio.Event()

    async def crash_at_the_second(_request: Json) -> None:
        if len(provider.requests) == 2:
            reached.set()
            await over.wait()

    provider.before = crash_at_the_second
    monkeypatch.setattr("ventanilla.stream.ordered._DRAIN_SECONDS", 0.1)
    async with ingest() as client:
        await citizen.write(client)
        await write(fresh_engines.kafka, OUTBOUND, [long])
        await asyncio.wait_for(reached.wait(), 20)
    provider.before = None
    over.set()
    async with ingest():
        found = await statuses(fresh_engines, citizen, 4)
    parts = [request["biz_opaque_callback_data"].split(":")[1] for request in provider.requests]
    assert parts == ["0", "1", "1", "2"]
    assert len({one.id for one in found}) == 3
    assert found[0] == found[1]


async def test_a_store_that_fails_for_a_while_delays_and_repeats_nothing(
    ingest: Ingest, fresh_engines: RunningEngines, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    citizen, failures = somebody(), iter(range(3))
    from ingest.store.deliveries import Deliveries

    find = Deliveries.find

    async def sometimes(self: Deliveries, message_id: str) -> Any:
        if next(failures, None) is not None:
            raise StoreError("no answer")
        return await find(self, message_id)

    monkeypatch.setattr(Deliveries, "find", sometimes)
    async with ingest() as client:
        await citizen.write(client)
        await write(fresh_engines.kafka, OUTBOUND, [answer(citizen)])
        assert words(await statuses(fresh_engines, citizen, 1)) == ["accepted"]
    assert len(provider.requests) == 1


async def test_a_supervisor_sees_each_part_and_no_status_goes_backwards(
    ingest: Ingest, fresh_engines: RunningEngines, provider: Provider
) -> None:
    citizen = somebody()
    long = answer(citizen, "palabra " * 700)

    async def look(client: httpx.AsyncClient, role: Role = Role.SUPERVISOR) -> httpx.Response:
        token = issue_token("t" * 32, "somebody", role)
        return await client.get(f"/v1/messages/{long.id}", headers={"Authorization": f"Bearer {token}"})

    def told(word: str, part: int, **more: Any) -> Json:
        callback = f"{long.id}:{part}:2:{long.conversation_id}"
        return status(
            word, id=f"w{part}", recipient_id=citizen.number, biz_opaque_callback_data=callback, **more
        )

    async with ingest() as client:
        await citizen.write(client)
        await write(fresh_engines.kafka, OUTBOUND, [long])
        await statuses(fresh_engines, citizen, 2)
        assert (await client.get(f"/v1/messages/{long.id}")).status_code == 401
        assert (await look(client, Role.AGENT)).status_code == 403
        errors = [{"code": 131000, "title": "Something went wrong"}]
        await post(client, change(statuses=[told("read", 0), told("failed", 1, errors=errors)]))
        await post(client, change(statuses=[told("sent", 0, timestamp="1700000009"), told("sent", 1)]))
        async with asyncio.timeout(20):
            while [one["status"] for one in (await look(client)).json()["parts"]] != ["read", "failed"]:
                await asyncio.sleep(0.05)
        await statuses(fresh_engines, citizen, 6)
        await asyncio.sleep(0.3)
        shown = (await look(client)).json()
        assert [one["status"] for one in shown["parts"]] == ["read", "failed"]
        assert [one["provider_message_id"] for one in shown["parts"]] == ["wamid.P1", "wamid.P2"]
        assert shown["parts"][1]["error"]["code"] == "131000"
        assert (await client.get("/v1/messages/none", headers=(await _admin()))).status_code == 404


async def _admin() -> dict[str, str]:
    return {"Authorization": f"Bearer {issue_token('t' * 32, 'root', Role.ADMIN)}"}


def provider_accepts(identity: str) -> Any:
    from support.provider import accepted

    return accepted(identity)
