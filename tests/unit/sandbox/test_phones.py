"""What tests and demos do with the simulated phones."""

from typing import Any

import httpx
import pytest

from support.webhook_receiver import WebhookReceiver, settled

NUMBER = "106540352242922"
REPLAY = "106540352242999"
SEND = f"/v23.0/{NUMBER}/messages"
MARIA = "50370000001"


def text(body: str = "Hola") -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "to": MARIA, "type": "text", "text": {"body": body}}


async def test_a_text_reaches_ingest_in_the_providers_shape(
    sandbox: httpx.AsyncClient, ingest: WebhookReceiver
) -> None:
    wrote = await sandbox.post(
        "/phones/+503 7000 0001/messages",
        json={"text": "q papeles piden", "name": "María", "at": "2026-11-24T08:00:00-06:00"},
    )
    assert wrote.status_code == 200
    assert wrote.json()["ingest_status"] == 200
    (value,) = ingest.values()
    assert value["contacts"] == [{"profile": {"name": "María"}, "wa_id": MARIA}]
    assert value["messages"] == [
        {
            "from": MARIA, "id": wrote.json()["id"], "timestamp": "1795528800", "type": "text",
            "text": {"body": "q papeles piden"},
        }
    ]  # fmt: skip
    assert value["metadata"]["phone_number_id"] == NUMBER
    assert ingest.bodies[0]["object"] == "whatsapp_business_account"


async def test_a_choice_answers_the_menu_that_offered_it(
    sandbox: httpx.AsyncClient, ingest: WebhookReceiver
) -> None:
    action = {"buttons": [{"type": "reply", "reply": {"id": "yes", "title": "Sí"}}]}
    menu = {"type": "button", "body": {"text": "¿Sigue?"}, "action": action}
    body = {"messaging_product": "whatsapp", "to": MARIA, "type": "interactive", "interactive": menu}
    wamid = (await sandbox.post(SEND, json=body)).json()["messages"][0]["id"]
    await sandbox.post(f"/phones/{MARIA}/messages", json={"choice": {"id": "yes"}})
    (message,) = ingest.messages()
    reply = {"type": "button_reply", "button_reply": {"id": "yes", "title": "Sí"}}
    assert message["interactive"] == reply
    assert message["context"] == {"from": "2593-5000", "id": wamid}
    await sandbox.post(f"/phones/{MARIA}/messages", json={"choice": {"id": "row", "title": "Fila"}})
    assert ingest.messages()[1]["interactive"]["list_reply"] == {"id": "row", "title": "Fila"}


async def test_any_other_type_is_passed_on_as_it_is(
    sandbox: httpx.AsyncClient, ingest: WebhookReceiver
) -> None:
    photo = {"id": "media-1", "mime_type": "image/jpeg"}
    await sandbox.post(f"/phones/{MARIA}/messages", json={"type": "image", "payload": photo})
    assert ingest.messages()[0]["image"] == photo
    await sandbox.post(f"/phones/{MARIA}/messages", json={"type": "hologram"})
    assert ingest.messages()[1]["type"] == "hologram"


async def test_an_answer_on_the_businesss_own_telephone_is_echoed_to_it_and_has_no_price(
    sandbox: httpx.AsyncClient, ingest: WebhookReceiver
) -> None:
    wrote = await sandbox.post(f"/phones/{MARIA}/answers", json={"text": "Le llamo."})
    assert wrote.json()["ingest_status"] == 200
    await ingest.until(statuses=3)
    (change,) = ingest.bodies[0]["entry"][0]["changes"]
    assert change["field"] == "smb_message_echoes"
    assert change["value"]["contacts"] == [{"profile": {}, "wa_id": MARIA}]
    (echo,) = change["value"]["message_echoes"]
    assert (echo["from"], echo["to"], echo["text"]) == ("2593-5000", MARIA, {"body": "Le llamo."})
    statuses = ingest.statuses()
    assert [(one["id"], one["status"]) for one in statuses] == [
        (echo["id"], word) for word in ("sent", "delivered", "read")
    ]
    assert not any(one.keys() & {"pricing", "conversation", "biz_opaque_callback_data"} for one in statuses)
    (shown,) = (await sandbox.get("/sent", params={"contact": MARIA})).json()
    assert shown["text"] == "Le llamo."
    nameless = await sandbox.post(f"/phones/{MARIA}/answers", json={"text": ""})
    assert nameless.status_code == 422


async def test_a_phone_may_hide_its_number_or_show_both_ids(
    sandbox: httpx.AsyncClient, ingest: WebhookReceiver
) -> None:
    await sandbox.post("/phones/SV.77/messages", json={"text": "hola"})
    await sandbox.post(f"/phones/{MARIA}/messages", json={"text": "hola", "user_id": "SV.88"})
    hidden, both = ingest.values()
    assert hidden["contacts"] == [{"profile": {}, "user_id": "SV.77"}]
    assert "from" not in hidden["messages"][0]
    assert hidden["messages"][0]["from_user_id"] == "SV.77"
    assert both["contacts"] == [{"profile": {}, "wa_id": MARIA, "user_id": "SV.88"}]
    await sandbox.post(SEND, json=text())
    for name in (MARIA, "SV.88"):
        assert len((await sandbox.get("/sent", params={"contact": name})).json()) == 1


async def test_what_ingest_does_not_take_comes_again_in_order(
    sandbox: httpx.AsyncClient, ingest: WebhookReceiver
) -> None:
    ingest.answers = [503, 500]
    first = await sandbox.post(f"/phones/{MARIA}/messages", json={"text": "uno"})
    assert first.json()["ingest_status"] == 503
    await sandbox.post(f"/phones/{MARIA}/messages", json={"text": "dos"})
    assert [message["text"]["body"] for message in ingest.messages()] == ["uno", "dos"]


async def test_a_refusal_for_good_does_not_hold_up_the_phone(
    sandbox: httpx.AsyncClient, ingest: WebhookReceiver
) -> None:
    ingest.answers = [400, 400, 400]
    assert (await sandbox.post(f"/phones/{MARIA}/messages", json={"text": "mal"})).json()[
        "ingest_status"
    ] == 400
    await sandbox.post(f"/phones/{MARIA}/messages", json={"text": "bien"})
    assert [message["text"]["body"] for message in ingest.messages()] == ["bien"]


@pytest.mark.parametrize(
    ("code", "http", "graph"),
    [
        (131026, 400, 131026), (131047, 400, 131047), (368, 403, 368), (130429, 429, 130429),
        (80007, 429, 80007),
        (4, 429, 4), (131000, 500, 131000), (131016, 500, 131016), (133004, 503, 133004),
        (200, 200, None), (429, 429, None), (500, 500, None), (503, 503, None),
    ],
)  # fmt: skip
async def test_sends_fail_on_demand_as_often_as_asked(
    sandbox: httpx.AsyncClient, code: int, http: int, graph: int | None
) -> None:
    asked = await sandbox.post("/fail", json={"contact": "+503 7000 0001", "code": code, "times": 2})
    assert asked.json() == {"contact": MARIA, "pending": 2}
    for _ in range(2):
        answer = await sandbox.post(SEND, json=text())
        assert answer.status_code == http
        is_a_page = answer.headers["content-type"].startswith("text/html")
        assert (None if is_a_page else answer.json()["error"]["code"]) == graph
    assert (await sandbox.post(SEND, json=text())).status_code == 200
    assert len((await sandbox.get("/sent", params={"contact": MARIA})).json()) == 1


async def test_a_send_can_be_accepted_and_fail_later(
    sandbox: httpx.AsyncClient, ingest: WebhookReceiver
) -> None:
    await sandbox.post("/fail", json={"contact": MARIA, "code": 131026, "async": True})
    assert (await sandbox.post(SEND, json=text())).status_code == 200
    await ingest.until(statuses=1)
    (status,) = ingest.statuses()
    assert status["status"] == "failed"
    assert status["errors"][0]["code"] == 131026
    assert status["errors"][0]["title"] == "Message undeliverable"


async def test_a_failed_message_never_reached_the_phone(
    sandbox: httpx.AsyncClient, ingest: WebhookReceiver
) -> None:
    await sandbox.post("/fail", json={"contact": MARIA, "code": 131026, "async": True})
    await sandbox.post(SEND, json=text())
    assert (await sandbox.get("/sent", params={"contact": MARIA})).json() == []


@pytest.mark.parametrize(
    ("behaviour", "wanted"),
    [
        ({"duplicate_statuses": 1}, ["sent", "sent", "delivered", "delivered", "read", "read"]),
        ({"late_sent": True}, ["delivered", "read", "sent"]),
        ({"skip_delivered": True}, ["sent", "read"]),
        ({"silent": True}, []),
    ],
)
async def test_phones_misbehave_as_told(
    sandbox: httpx.AsyncClient, ingest: WebhookReceiver, behaviour: dict[str, Any], wanted: list[str]
) -> None:
    answer = await sandbox.post("/behaviours", json={"contact": MARIA, **behaviour})
    assert answer.status_code == 200
    await sandbox.post(SEND, json=text())
    await ingest.until(statuses=len(wanted))
    assert [status["status"] for status in ingest.statuses()] == wanted
    stamps = {status["status"]: int(status["timestamp"]) for status in ingest.statuses()}
    assert stamps == dict(
        sorted(stamps.items(), key=lambda item: ["sent", "delivered", "read"].index(item[0]))
    )
    assert sorted(stamps.values()) == [
        stamps[kind] for kind in ("sent", "delivered", "read") if kind in stamps
    ]


async def test_statuses_bear_the_phones_clock(sandbox: httpx.AsyncClient, ingest: WebhookReceiver) -> None:
    set_clocks = {"clocks": {MARIA: "2026-11-24T08:00:00-06:00"}}
    assert (await sandbox.post("/clocks", json=set_clocks)).json() == {"set": 1}
    await sandbox.post(SEND, json=text())
    await ingest.until(statuses=3)
    assert {int(status["timestamp"]) - 1795528800 for status in ingest.statuses()} <= {0, 1}
    (arrived,) = (await sandbox.get("/sent", params={"contact": MARIA})).json()
    assert arrived["at"].startswith("2026-11-24T14:00:0")


async def test_the_report_accounts_for_every_message_and_status(
    sandbox: httpx.AsyncClient, ingest: WebhookReceiver
) -> None:
    await sandbox.post("/behaviours", json={"contact": MARIA, "duplicate_statuses": 1})
    for body in ("uno", "dos", "tres"):
        await sandbox.post(SEND, json=text(body))
    await sandbox.post(SEND, json=text(""))
    await ingest.until(statuses=18)
    await settled(sandbox)
    first = (await sandbox.get("/v1/report", params={"account": NUMBER, "limit": 2})).json()
    assert (first["accepted"], first["refused"], first["forgotten"]) == (3, {"131008": 1}, 0)
    assert len(first["items"]) == 2
    assert first["items"][0]["statuses"]["delivered"]["times"] == 2
    rest = (
        await sandbox.get("/v1/report", params={"account": NUMBER, "after": first["next"], "limit": 2})
    ).json()
    assert len(rest["items"]) == 1
    assert rest["next"] is None
    assert (await sandbox.get("/v1/report", params={"account": REPLAY})).json()["items"] == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/sent", None),
        ("GET", "/sent?contact=nadie", None),
        ("POST", "/fail", {"contact": "x", "code": 131026}),
        ("POST", "/fail", {"contact": MARIA, "code": 12345}),
        ("POST", "/fail", {"contact": MARIA, "code": 503, "async": True}),
        ("POST", "/fail", {"contact": MARIA, "code": 131026, "times": -1}),
        ("POST", "/clocks", {"clocks": {MARIA: "ayer"}}),
        ("POST", "/clocks", {"clocks": {MARIA: "2026-11-24T08:00:00"}}),
        ("POST", "/behaviours", {"contact": MARIA, "duplicate_statuses": 21}),
        ("POST", "/behaviours", {"contact": MARIA, "loud": True}),
        ("POST", f"/phones/{MARIA}/messages", {}),
        ("POST", f"/phones/{MARIA}/messages", {"text": "a", "choice": {"id": "1"}}),
        ("POST", f"/phones/{MARIA}/messages", {"text": "a", "account": "999"}),
        ("POST", f"/phones/{MARIA}/messages", {"text": "a", "user_id": "12"}),
        ("POST", "/phones/x/messages", {"text": "a"}),
        ("GET", "/v1/report?account=999", None),
    ],
)
async def test_bad_input_is_told_with_a_reason(
    sandbox: httpx.AsyncClient, method: str, path: str, body: object
) -> None:
    answer = await sandbox.request(method, path, json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"]


async def test_it_is_alive_ready_and_measured(sandbox: httpx.AsyncClient) -> None:
    assert (await sandbox.get("/health/live")).status_code == 200
    assert (await sandbox.get("/health/ready")).json() == {"ready": True, "problems": [], "warnings": []}
    assert "ventanilla_sandbox_sends_total" in (await sandbox.get("/metrics")).text


async def test_the_page_runs_no_code_but_its_own(sandbox: httpx.AsyncClient) -> None:
    page = await sandbox.get("/")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "style=" not in page.text
    assert (await sandbox.get("/page/phones.js")).headers["content-type"].startswith("text/javascript")
    assert (await sandbox.get("/page/../app.py")).status_code == 404
