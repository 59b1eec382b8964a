"""A day of one citizen, with names and numbers that occur nowhere else; then everything is searched for them.

No log, of a service or an engine, has his number, his name, what he wrote or was told, or any secret. His
number is on no topic but the dead letters, which keep what was refused whole, and in no collection but
ingest's own.
"""

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from security.conftest import DATABASE
from support.desk import Agent
from support.engines import RunningEngines
from support.fleet import SECRET, TOKEN_KEY, Fleet
from support.topics import records, write_raw
from support.webchat import Visitor
from support.whatsapp import change, contact, message, raw, signed, webhook
from ventanilla.access import Role, issue_token
from ventanilla.store import Store
from ventanilla.topics import ALL, OUTBOUND, RECEIVED, dead_letter_topics

pytestmark = pytest.mark.timeout(300)

NUMBER, USER_ID = "50374443321", "SV.74443321998877"
DUI, NIT, MAIL = "04433221-7", "0614-290180-102-3", "zoraida@canario.example"
NAME, VISITOR_WORD = "Zoraida Canarión", "balalaika"
ASKED = f"quiero una persona, mi DUI es {DUI}, NIT {NIT}, {MAIL}, xilofonista"
ANSWERED, TOLD, NOTE = "Buenos días, contrabajo.", "Le llamo, ocarina.", "Va por la vihuela."
WRONG_PASSWORD, PASSWORD_AS_NAME = "clave-violonchelo", "nombre-mandolina"
POISON = "veneno-clavicordio"

WORDS = (
    "Zoraida", "Canarión", "xilofonista", "contrabajo", "ocarina", "vihuela", "balalaika", "violonchelo",
    "mandolina", "clavicordio",
)  # fmt: skip
IN_BASE64 = b64encode(NUMBER.encode()).decode()[:14]
"""As it stands in WhatsApp's ids of messages."""
PERSONAL = (NUMBER, NUMBER[3:], IN_BASE64, "7444-3321", USER_ID, DUI, NIT, MAIL, *WORDS)


async def until(what: Any, seconds: float = 40) -> Any:
    """Waits until the awaitable that `what` makes gives something."""
    async with asyncio.timeout(seconds):
        while not (found := await what()):
            await asyncio.sleep(0.1)
    return found


async def a_citizens_day(fleet: Fleet, kafka: str) -> dict[str, str]:
    """Everything that can happen to him; returns the secrets that were given out meanwhile."""
    secrets: dict[str, str] = {}
    desk = httpx.AsyncClient(base_url=fleet.url("agent-gateway"), timeout=30)
    async with httpx.AsyncClient(timeout=30) as http, desk as browser:
        sandbox, ingest = fleet.url("sandbox"), fleet.url("ingest")
        phone = f"{sandbox}/phones/{NUMBER}"
        for text in ("buenas", ASKED):
            said = {"text": text, "name": NAME, "user_id": USER_ID}
            assert (await http.post(f"{phone}/messages", json=said)).json()["ingest_status"] == 200

        agent = Agent(browser, fleet.url("agent-gateway"))
        await agent.log_in("supervisora", WRONG_PASSWORD)
        await agent.log_in(PASSWORD_AS_NAME, "x")
        assert (await agent.log_in("supervisora", "una-clave-de-prueba")).status_code == 200
        secrets["session cookie"] = agent.cookie

        async def waiting() -> Any:
            items = (await agent.get("/v1/conversations?view=waiting"))["items"]
            return [one["id"] for one in items if one["sender_name"] == NAME]

        (conversation,) = await until(waiting)
        path = f"/v1/conversations/{conversation}"
        for number, (act, body) in enumerate(
            [("take", None), ("reply", {"text": ANSWERED}), ("transfer", {"queue": "comercio", "note": NOTE})]
        ):
            done = await agent.request("POST", f"{path}/{act}", body, idempotency_key=f"security-{number:09}")
            assert done.status_code in (200, 202), done.text
        assert (await http.post(f"{phone}/answers", json={"text": TOLD})).json()["ingest_status"] == 200

        async def arrived() -> bool:
            got = (await http.get(f"{sandbox}/sent", params={"contact": NUMBER})).json()
            return any(ANSWERED in one["text"] and len(one["statuses"]) == 3 for one in got)

        await until(arrived)
        shown = (await agent.request("GET", path)).text + (
            await agent.request("GET", "/v1/conversations")
        ).text
        assert all(word in shown for word in ("xilofonista", "contrabajo", "ocarina", NAME))
        assert [mark for mark in (NUMBER, IN_BASE64, USER_ID) if mark in shown] == [], (
            "agents see its end only"
        )
        await http.get(f"{ingest}/webhooks/whatsapp", params={"hub.verify_token": WRONG_PASSWORD})
        await strange_webhooks(http, ingest)
        for topic in (RECEIVED, OUTBOUND):
            await write_raw(kafka, topic.name, NUMBER.encode(), f'{{"text": "{POISON} {NUMBER}"}}'.encode())
        secrets |= await a_visitors_words(fleet)
        secrets["token"] = token = issue_token(TOKEN_KEY, "auditor", Role.FINANCE)
        asked = await http.get(
            f"{fleet.url('billing')}/v1/sessions", params={"contact": NUMBER},
            headers={"Authorization": f"Bearer {token}", "X-Correlation-ID": NUMBER},
        )  # fmt: skip
        assert asked.status_code == 200
        for name in ("ingest", "router", "bot", "billing", "agent-gateway"):
            await http.get(f"{fleet.url(name)}/v1/nothing/{NUMBER}?name=Zoraida&token={token}")
        await asyncio.sleep(1)
    return secrets


async def strange_webhooks(http: httpx.AsyncClient, ingest: str) -> None:
    """Genuine and senseless, forged, and none at all."""
    odd = [
        change(messages=[message("text", {"body": 7}, from_=NUMBER)], contacts=[contact(NAME, NUMBER)]),
        change("999", messages=[message(from_=NUMBER)]),
        change(messages=[message(from_=NUMBER, timestamp=NUMBER + "x")]),
        change(messages=[message(from_=f"5\u00003{NUMBER}")]),
        {"field": "calls", "value": {"from": NUMBER, "name": NAME}},
    ]
    for body in (raw(webhook(*odd)), raw({"object": NAME}), b"{" + NAME.encode()):
        await http.post(f"{ingest}/webhooks/whatsapp", content=body, headers=signed(SECRET, body))
        await http.post(f"{ingest}/webhooks/whatsapp", content=body, headers=signed("another", body))


async def a_visitors_words(fleet: Fleet) -> dict[str, str]:
    from websockets.asyncio.client import connect

    url = fleet.url("ingest").replace("http", "ws")
    async with connect(f"{url}/webchat/web/socket?name=Zoraida", proxy=None) as connection:
        visitor = Visitor(connection)
        await visitor.send(type="hello")
        token = str((await visitor.until("welcome"))["token"])
        await visitor.send(type="message", client_id="abcd1234", text=f"hola {VISITOR_WORD} {MAIL}")
        await visitor.until("accepted")
        await visitor.send_raw(f'{{"type":"message","text":"{VISITOR_WORD}"')
        with suppress(Exception):
            await visitor.closed()
    return {"visitor's token": token}


@pytest.fixture(scope="module")
def given_out(fleet: Fleet, ground: RunningEngines) -> Mapping[str, str]:
    """After the day: the secrets that were given out in it."""
    return asyncio.run(a_citizens_day(fleet, ground.kafka))


def test_no_log_has_a_person_or_a_secret(fleet: Fleet, folder: Path, given_out: Mapping[str, str]) -> None:
    sought = {**{needle: needle for needle in PERSONAL}, **given_out, **fleet.secrets}
    logs = sorted(folder.rglob("*.log"))
    assert len(logs) >= 7
    found = [
        f"{name} in {log.name}: {line[:300]}"
        for log in logs
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines()
        for name, needle in sought.items()
        if needle in line
    ]
    assert found == []


async def test_his_number_is_on_no_topic_but_where_refused_things_are_kept(
    ground: RunningEngines, given_out: Mapping[str, str]
) -> None:
    own = {RECEIVED.name: 1, OUTBOUND.name: 1}  # the records that this test wrote
    for topic in ALL:
        found = [
            record
            for record in await records(ground.kafka, topic.name)
            if any(mark.encode() in (record.key or b"") + (record.value or b"") for mark in (NUMBER, USER_ID))
        ]
        assert len(found) == own.get(topic.name, 0), (topic.name, [record.value for record in found])
    for name in dead_letter_topics():
        for record in await records(ground.kafka, name):
            said = b" ".join(value for _, value in record.headers)
            assert NUMBER.encode() not in said, (name, said)


async def test_his_number_is_in_no_collection_but_ingests(
    ground: RunningEngines, given_out: Mapping[str, str]
) -> None:
    store = Store.connect(ground.mongo, DATABASE)
    try:
        holders = set()
        for name in await store.collection("any").database.list_collection_names():
            async for document in store.collection(name).find({}):
                if NUMBER in str(document) or USER_ID in str(document):
                    holders.add(name)
        assert holders
        assert {name for name in holders if not name.startswith("ingest_")} == set()
    finally:
        await store.close()
