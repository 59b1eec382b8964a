"""What a business gets from the simulated Graph API: the answers and refusals that the real one gives."""

from typing import Any

import httpx
import pytest

from support.webhook_receiver import WebhookReceiver, settled

NUMBER = "106540352242922"
SEND = f"/v23.0/{NUMBER}/messages"
MARIA = "50370000001"


def text(body: str = "Hola", to: str = MARIA, **more: Any) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": body}, **more}


def buttons(*titles: str, body: str = "Elija") -> dict[str, Any]:
    replies = [
        {"type": "reply", "reply": {"id": str(place), "title": title}} for place, title in enumerate(titles)
    ]
    interactive = {"type": "button", "body": {"text": body}, "action": {"buttons": replies}}
    return {
        "messaging_product": "whatsapp", "to": MARIA, "type": "interactive", "interactive": interactive,
    }  # fmt: skip


def rows(*found: dict[str, str], button: str = "Ver") -> dict[str, Any]:
    action = {"button": button, "sections": [{"rows": list(found)}]}
    interactive = {"type": "list", "body": {"text": "Elija"}, "action": action}
    return {
        "messaging_product": "whatsapp", "to": MARIA, "type": "interactive", "interactive": interactive,
    }  # fmt: skip


def template(name: str = "seguimiento_consulta", language: str = "es", **more: Any) -> dict[str, Any]:
    part = {"name": name, "language": {"code": language}, **more}
    return {"messaging_product": "whatsapp", "to": MARIA, "type": "template", "template": part}


async def test_a_text_is_accepted_and_arrives_at_the_phone(sandbox: httpx.AsyncClient) -> None:
    answer = await sandbox.post(SEND, json=text("Buenos días", to="+503 7000-0001"))
    assert answer.status_code == 200
    body = answer.json()
    assert body["messaging_product"] == "whatsapp"
    assert body["contacts"] == [{"input": "+503 7000-0001", "wa_id": MARIA}]
    assert body["messages"][0]["id"].startswith("wamid.")
    for spelling in (MARIA, "+50370000001", "+503 7000 0001"):
        (arrived,) = (await sandbox.get("/sent", params={"contact": spelling})).json()
        assert arrived["text"] == "Buenos días"
        assert arrived["id"] == body["messages"][0]["id"]
        assert arrived["account"] == NUMBER
        assert arrived["at"].endswith("Z")


@pytest.mark.parametrize(
    ("body", "code", "http"),
    [
        ({"to": MARIA, "type": "text", "text": {"body": "x"}}, 100, 400),
        ({"messaging_product": "whatsapp", "type": "text", "text": {"body": "x"}}, 100, 400),
        (text(to="abc"), 131009, 400),
        (text(to="123"), 131009, 400),
        ({**text(), "type": "smoke"}, 100, 400),
        ({**text(), "type": 7}, 100, 400),
        ({**text(), "text": None}, 131008, 400),
        (text(""), 131008, 400),
        (text("x" * 4097), 100, 400),
        (text(biz_opaque_callback_data="x" * 513), 100, 400),
        (buttons(), 131009, 400),
        (buttons("a", "b", "c", "d"), 131009, 400),
        (buttons("x" * 21), 131009, 400),
        (buttons("Sí", body="x" * 1025), 131009, 400),
        (rows(), 131009, 400),
        (rows(*({"id": str(n), "title": "t"} for n in range(11))), 131009, 400),
        (rows({"id": "1", "title": "x" * 25}), 131009, 400),
        (rows({"id": "1", "title": "x", "description": "x" * 73}), 131009, 400),
        (rows({"id": "1", "title": "x"}, {"id": "1", "title": "y"}), 131009, 400),
        (rows({"id": "1", "title": "x"}, button="x" * 21), 131009, 400),
        (template("otra"), 132001, 404),
        (template(language="en"), 132001, 404),
        ({**text(), "type": "image", "image": {}}, 100, 400),
        ({**text(), "type": "image", "image": {"id": "1", "caption": "x" * 1025}}, 131009, 400),
        ({"messaging_product": "whatsapp", "status": "seen", "message_id": "wamid.1"}, 100, 400),
        ({"messaging_product": "whatsapp", "status": "read"}, 131008, 400),
        ([], 100, 400),
    ],
)
async def test_what_the_real_api_refuses_is_refused(
    sandbox: httpx.AsyncClient, body: object, code: int, http: int
) -> None:
    answer = await sandbox.post(SEND, json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (http, code)
    assert error["type"] == "OAuthException"
    assert error["message"]
    assert error["fbtrace_id"]
    assert (await sandbox.get("/sent", params={"contact": MARIA})).json() == []


@pytest.mark.parametrize(
    ("body", "shown", "options"),
    [
        (text("x" * 4096), "x" * 4096, []),
        (buttons("Sí", "x" * 20, "No"), "Elija", ["Sí", "x" * 20, "No"]),
        (rows({"id": "a", "title": "x" * 24, "description": "y" * 72}), "Elija", ["x" * 24]),
        (template(), "seguimiento_consulta", []),
        (
            template(components=[{"type": "body", "parameters": [{"type": "text", "text": "Ana"}]}]),
            "seguimiento_consulta: Ana",
            [],
        ),
        ({**text(), "type": "document", "document": {"id": "1", "filename": "a.pdf"}}, "a.pdf", []),
        ({**text(), "type": "location", "location": {"latitude": 13.7, "longitude": -8}}, "13.7, -8", []),
        ({**text(), "type": "contacts", "contacts": [{"name": {"formatted_name": "Ana"}}]}, "Ana", []),
    ],
)  # fmt: skip
async def test_a_phone_shows_the_text_and_the_options_of_every_type(
    sandbox: httpx.AsyncClient, body: dict[str, Any], shown: str, options: list[str]
) -> None:
    assert (await sandbox.post(SEND, json=body)).status_code == 200
    (arrived,) = (await sandbox.get("/sent", params={"contact": MARIA})).json()
    assert arrived["text"] == shown
    assert arrived["type"] == body["type"]
    assert [option["title"] for option in arrived["options"]] == options
    assert arrived["payload"][body["type"]] == body[body["type"]]


async def test_a_stranger_without_the_token_gets_190(sandbox: httpx.AsyncClient) -> None:
    for header in ("Bearer wrong", "token", "", "Basic token"):
        answer = await sandbox.post(SEND, json=text(), headers={"Authorization": header})
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == 190


async def test_a_number_that_is_not_there_is_an_unsupported_request(sandbox: httpx.AsyncClient) -> None:
    answer = await sandbox.post("/v23.0/999/messages", json=text())
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["error_subcode"]) == (400, 100, 33)
    assert error["type"] == "GraphMethodException"


async def test_a_body_that_is_no_json_is_refused(sandbox: httpx.AsyncClient) -> None:
    answer = await sandbox.post(SEND, content=b"{")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 100)


async def test_statuses_come_signed_in_order_with_price_and_our_own_data(
    sandbox: httpx.AsyncClient, ingest: WebhookReceiver
) -> None:
    answer = await sandbox.post(SEND, json=text(biz_opaque_callback_data="m1:0:1:c1"))
    wamid = answer.json()["messages"][0]["id"]
    await ingest.until(statuses=3)
    assert ingest.forged == 0
    assert [status["status"] for status in ingest.statuses()] == ["sent", "delivered", "read"]
    value = ingest.values()[0]
    assert value["metadata"]["phone_number_id"] == NUMBER
    for status in ingest.statuses():
        assert status["id"] == wamid
        assert status["recipient_id"] == MARIA
        assert status["timestamp"].isdecimal()
        assert status["biz_opaque_callback_data"] == "m1:0:1:c1"
        assert status["pricing"] == {
            "billable": False, "pricing_model": "PMP", "category": "service", "type": "free_customer_service",
        }  # fmt: skip
    sent, delivered, _ = ingest.statuses()
    assert sent["conversation"]["origin"] == {"type": "service"}
    assert int(sent["conversation"]["expiration_timestamp"]) >= int(sent["timestamp"]) + 86_399
    assert "conversation" not in delivered
    await settled(sandbox)
    (arrived,) = (await sandbox.get("/sent", params={"contact": MARIA})).json()
    assert [status["status"] for status in arrived["statuses"]] == ["sent", "delivered", "read"]


async def test_a_template_is_a_utility_message_that_costs(
    sandbox: httpx.AsyncClient, ingest: WebhookReceiver
) -> None:
    await sandbox.post(SEND, json=template())
    await ingest.until(statuses=1)
    assert ingest.statuses()[0]["pricing"] == {
        "billable": True, "pricing_model": "PMP", "category": "utility", "type": "regular",
    }  # fmt: skip


async def test_a_user_id_is_written_to_by_recipient(
    sandbox: httpx.AsyncClient, ingest: WebhookReceiver
) -> None:
    body = text()
    del body["to"]
    answer = await sandbox.post(SEND, json={**body, "recipient": "SV.1234"})
    assert answer.json()["contacts"] == [{"input": "SV.1234", "user_id": "SV.1234"}]
    await ingest.until(statuses=1)
    assert ingest.statuses()[0]["recipient_user_id"] == "SV.1234"
    assert "recipient_id" not in ingest.statuses()[0]
    assert len((await sandbox.get("/sent", params={"contact": "SV.1234"})).json()) == 1


async def test_a_group_is_written_to_by_its_own_id(
    sandbox: httpx.AsyncClient, ingest: WebhookReceiver
) -> None:
    answer = await sandbox.post(SEND, json=text(to="grupo-Y2F0", recipient_type="group"))
    assert answer.status_code == 200
    await ingest.until(statuses=1)
    assert ingest.statuses()[0]["recipient_id"] == "grupo-Y2F0"
    assert ingest.statuses()[0]["recipient_type"] == "group"


async def test_free_text_is_refused_a_day_after_the_citizen_wrote_and_a_template_is_not(
    sandbox: httpx.AsyncClient,
) -> None:
    wrote = {"text": "hola", "at": "2026-11-23T08:00:00-06:00"}
    await sandbox.post(f"/phones/{MARIA}/messages", json=wrote)
    for clock, http in (("2026-11-24T07:59:00-06:00", 200), ("2026-11-24T08:00:01-06:00", 400)):
        await sandbox.post("/clocks", json={"clocks": {MARIA: clock}})
        answer = await sandbox.post(SEND, json=text())
        assert answer.status_code == http
    assert answer.json()["error"]["code"] == 131047
    assert (await sandbox.post(SEND, json=template())).status_code == 200


async def test_a_read_receipt_marks_what_the_citizen_wrote(sandbox: httpx.AsyncClient) -> None:
    wrote = (await sandbox.post(f"/phones/{MARIA}/messages", json={"text": "hola"})).json()
    receipt = {
        "messaging_product": "whatsapp", "status": "read", "message_id": wrote["id"],
        "typing_indicator": {"type": "text"},
    }  # fmt: skip
    answer = await sandbox.post(SEND, json=receipt)
    assert answer.json() == {"success": True}
    phone = (await sandbox.get(f"/phones/{MARIA}")).json()
    assert phone["written"][0]["read"] is True
    unknown = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.other"}
    assert (await sandbox.post(SEND, json=unknown)).status_code == 200
