"""The desk's doors: every way in that exists is tried by those for whom it is not."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from agent_gateway.api.gate import COOKIE
from support.desk import PASSWORD, TOKEN_KEY, World, running_desk
from support.engines import RunningEngines
from ventanilla.access import Role, issue_token

UNSAFE = {"post", "put", "patch", "delete"}
FORMS = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "")
OPEN = {("post", "/v1/session")}
"""What needs no session."""
FOR_WHOEVER_HAS_AN_ACCOUNT = {
    ("get", "/v1/session"),
    ("delete", "/v1/session"),
    ("post", "/v1/session/finance"),
}


@pytest.fixture
async def world(fresh_engines: RunningEngines, database: str) -> AsyncIterator[World]:
    # Not the ground of the others: a consumer group goes on where the last one of that name stopped.
    async with running_desk(fresh_engines, database) as running:
        yield running


async def operations(world: World) -> list[tuple[str, str]]:
    """Every operation that the desk describes; the parts of a path that vary are a word."""
    paths = (await world.http.get("/openapi.json")).json()["paths"]
    found = [(method, path) for path, item in paths.items() for method in item]
    assert len(found) > 15
    return found


def filled(path: str) -> str:
    return path.replace("{conversation_id}", uuid4().hex).replace("{username}", "agente.rprh")


# --- sessions and other sites ----------------------------------------------------------------------


async def test_every_operation_but_logging_in_needs_a_session(world: World) -> None:
    nobody = world.nobody()
    forged = world.nobody()
    forged.cookie = "x" * 43
    for method, path in await operations(world):
        if (method, path) in OPEN:
            continue
        for caller in (nobody, forged):
            answer = await caller.request(method.upper(), filled(path), {} if method in UNSAFE else None)
            assert (answer.status_code, answer.json()["code"]) == (401, "login_required"), (method, path)


async def test_no_other_site_can_do_anything_with_ones_session(world: World) -> None:
    admin = await world.agent("admin")
    foreign: list[dict[str, str]] = [
        {"origin": "https://otro.example"},
        {"origin": "null"},
        {"origin": admin.url + ".otro.example"},
        {"origin": admin.url.replace("127.0.0.1", "127.0.0.1.otro.example")},
        {"origin": ""},
        {"origin": admin.url, "sec-fetch-site": "cross-site"},
        {"origin": admin.url, "sec-fetch-site": "same-site"},
        {},
    ]
    for method, path in await operations(world):
        if method not in UNSAFE or (method, path) in OPEN:
            continue
        for headers in foreign:
            answer = await world.http.request(
                method.upper(), filled(path), content=b"{}",
                headers=headers | {"cookie": f"{COOKIE}={admin.cookie}", "content-type": "application/json"},
            )  # fmt: skip
            assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin"), (path, headers)
    assert (await admin.request("GET", "/v1/session")).status_code == 200


async def test_what_a_form_can_send_is_never_read(world: World) -> None:
    admin = await world.agent("admin")
    for method, path in await operations(world):
        if method not in UNSAFE:
            continue
        for kind in (
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "",
        ):
            headers = admin.headers | ({"content-type": kind} if kind else {})
            answer = await world.http.request(
                method.upper(), filled(path), content=b'{"disabled": true}', headers=headers
            )
            assert (answer.status_code, answer.json()["code"]) == (415, "json_only"), (path, kind)


async def test_a_session_is_ones_own(world: World) -> None:
    agent = world.nobody()
    agent.cookie = planted = "planted-" + "x" * 35
    await agent.log_in("agente.rprh")
    assert agent.cookie not in ("", planted)
    intruder = world.nobody()
    intruder.cookie = planted
    assert (await intruder.request("GET", "/v1/session")).status_code == 401
    for name in ("ventanilla", "__host-ventanilla", f"{COOKIE}2"):
        answer = await world.http.get("/v1/session", headers={"cookie": f"{name}={agent.cookie}"})
        assert answer.status_code == 401, name
    again = world.nobody()
    await again.log_in("agente.rprh")
    assert again.cookie != agent.cookie
    assert (await agent.request("DELETE", "/v1/session")).status_code == 204
    assert (await agent.request("GET", "/v1/session")).status_code == 401
    assert (await again.request("GET", "/v1/session")).status_code == 200


# --- roles ---------------------------------------------------------------------------------------


async def test_finance_is_let_in_nowhere_but_at_its_own_page(world: World) -> None:
    finance = await world.agent("finanzas")
    token = issue_token(TOKEN_KEY, "finanzas", Role.FINANCE)
    for method, path in await operations(world):
        if (method, path) in FOR_WHOEVER_HAS_AN_ACCOUNT | OPEN:
            continue
        body: Any = {} if method in UNSAFE else None
        in_person = await finance.request(method.upper(), filled(path), body)
        by_token = await world.http.request(
            method.upper(), filled(path), json=body, headers={"authorization": f"Bearer {token}"}
        )
        assert (in_person.status_code, by_token.status_code) == (403, 403), (method, path)


async def test_the_token_for_the_finance_page_opens_nothing_at_the_desk(world: World) -> None:
    for name in ("admin", "supervisora", "finanzas"):
        person = await world.agent(name)
        url = (await person.request("POST", "/v1/session/finance")).json()["url"]
        bearer = {"authorization": "Bearer " + url.partition("#token=")[2]}
        for path in ("/v1/accounts", "/v1/conversations?view=all", "/v1/queues"):
            answer = await world.http.get(path, headers=bearer)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (name, path)


async def test_no_token_but_a_whole_one_opens_the_desk(world: World) -> None:
    bad = [
        issue_token("another key of forty characters, or more", "x", Role.ADMIN),
        issue_token(TOKEN_KEY, "x", Role.ADMIN, valid=timedelta(seconds=-1)),
        issue_token(TOKEN_KEY, "x", Role.ADMIN)[:-2],
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4Iiwicm9sZSI6ImFkbWluIn0.",
        "x",
    ]
    for token in bad:
        answer = await world.http.get("/v1/accounts", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 401, token


# --- passwords ----------------------------------------------------------------------------------------


async def test_a_password_cannot_be_guessed_by_coming_from_elsewhere_or_writing_the_name_otherwise(
    world: World,
) -> None:
    names = ["agente.rpi", "AGENTE.RPI", " agente.rpi ", "Agente.Rpi", "agente.rpi\t"]

    async def attempt(number: int) -> int:
        body = {"username": names[number % len(names)], "password": f"intento {number}"}
        spoofed = {"x-forwarded-for": f"203.0.113.{number}", "forwarded": f"for=203.0.113.{number}"}
        answer = await world.http.post("/v1/session", json=body, headers={"origin": world.url} | spoofed)
        return answer.status_code

    answers = [await attempt(number) for number in range(20)]
    assert answers == [401] * 8 + [429] * 12
    late = await world.nobody().log_in("agente.rpi")
    assert late.status_code == 429, "the right password does not tell that it is right"


async def test_one_address_cannot_try_a_few_passwords_of_everybody(world: World) -> None:
    async def attempt(number: int) -> int:
        return (await world.nobody().log_in(f"persona.{number}", "123456")).status_code

    answers = await asyncio.gather(*map(attempt, range(90)))
    assert sorted(answers) == [401] * 60 + [429] * 30


# --- the socket -----------------------------------------------------------------------------------------


async def closed_with(world: World, headers: dict[str, str]) -> int:
    """The code with which the socket is closed, before it says anything."""
    address = world.url.replace("http", "ws") + "/v1/events"
    async with connect(address, additional_headers=headers, proxy=None) as connection:
        try:
            said = await asyncio.wait_for(connection.recv(), 5)
        except ConnectionClosed as end:
            return end.rcvd.code if end.rcvd else 0
        raise AssertionError(f"it was let in and told {said!r}")


async def test_the_socket_is_for_who_works_at_the_desk_and_from_its_own_page(world: World) -> None:
    agent, finance = await world.agent("agente.rprh"), await world.agent("finanzas")
    with_cookie = {"cookie": f"{COOKIE}={agent.cookie}"}
    outrun = issue_token(TOKEN_KEY, "x", Role.ADMIN, valid=timedelta(seconds=-1))
    refused: list[tuple[dict[str, str], int]] = [
        ({}, 4403),
        ({"origin": world.url}, 4401),
        (with_cookie, 4403),
        (with_cookie | {"origin": "https://otro.example"}, 4403),
        (with_cookie | {"origin": world.url, "sec-fetch-site": "cross-site"}, 4403),
        (finance.headers, 4403),
        ({"authorization": "Bearer x"}, 4401),
        ({"authorization": f"Bearer {issue_token(TOKEN_KEY, 'x', Role.FINANCE)}"}, 4401),
        ({"authorization": f"Bearer {outrun}"}, 4401),
    ]
    for headers, code in refused:
        assert await closed_with(world, headers) == code, headers


OWN = {"agente.rprh": "rprh", "agente.comercio": "comercio", "agente.general": None, "robot": "comercio"}


async def test_each_socket_tells_of_what_its_own_list_shows_and_of_nothing_else(world: World) -> None:
    names = ["agente.rprh", "agente.comercio", "agente.general", "agente.rgm", "supervisora", "admin"]
    people = {name: await world.agent(name) for name in names}
    script = issue_token(TOKEN_KEY, "robot", Role.AGENT, frozenset({"comercio"}))
    headers = {name: person.headers for name, person in people.items()}
    headers["robot"] = {"authorization": f"Bearer {script}"}
    heard: dict[str, str] = dict.fromkeys(headers, "")
    address = world.url.replace("http", "ws") + "/v1/events"

    async def listen(name: str) -> None:
        async with connect(address, additional_headers=headers[name], proxy=None) as connection:
            async for frame in connection:
                heard[name] += str(frame)

    listeners = [asyncio.create_task(listen(name)) for name in headers]
    async with asyncio.timeout(20):
        while not all("hello" in told for told in heard.values()):
            await asyncio.sleep(0.05)
    words = {"rprh": "hipoteca", "comercio": "matricula", None: "saludos"}
    places = {area: await world.citizen().waits_in(area, word) for area, word in words.items()}
    await people["agente.rprh"].act(places["rprh"], "take")
    await people["agente.rprh"].act(places["rprh"], "reply", {"text": "solo para usted"})
    listed = {
        name: await world.http.get("/v1/conversations?view=all", headers=headers[name]) for name in heard
    }
    sees = {
        (name, area): conversation.id in {one["id"] for one in listed[name].json()["items"]}
        for name in heard
        for area, conversation in places.items()
    }
    async with asyncio.timeout(20):
        while not all(words[area] in heard[name] for (name, area), seen in sees.items() if seen):
            await asyncio.sleep(0.05)
        while not all("solo para usted" in heard[name] for name in heard if sees[name, "rprh"]):
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)  # what should come to nobody else would have come by now
    for listener in listeners:
        listener.cancel()
    await asyncio.gather(*listeners, return_exceptions=True)

    for (name, area), seen in sees.items():
        if name in ("supervisora", "admin") or area == OWN.get(name, ...):
            assert seen, (name, area)
        # Before it has an area a conversation stands with the default queue: its agents may hear it begin.
        if not seen and name != "agente.general":
            assert words[area] not in heard[name], (name, area)
    for name, told in heard.items():
        assert ("solo para usted" in told) == sees[name, "rprh"], name


async def test_nothing_that_is_sent_over_the_socket_breaks_it(world: World) -> None:
    agent = await world.agent("agente.rprh")
    frames: list[str | bytes] = ["", "{", "null", "[" * 900, "\x00", "é" * 500, b"\xff\xfe", "x" * 2000]
    closed: list[int] = []
    for frame in frames:
        async with agent.events() as events:
            await events.until("hello")
            await events._connection.send(frame)
            try:
                await events.until("pong", 5)
            except ConnectionClosed as end:
                closed.append(end.rcvd.code if end.rcvd else 0)
    assert closed == [1003, 1009]
    assert json.loads((await agent.request("GET", "/v1/session")).text)["id"] == "agente.rprh"
    assert PASSWORD not in str(await agent.get("/v1/session"))
