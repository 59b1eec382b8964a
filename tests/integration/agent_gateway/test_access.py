"""Who gets in, what each sees, and what the desk tells nobody."""

import asyncio
from typing import Any

import jwt
import pytest

from support.desk import FINANCE, PASSWORD, TOKEN_KEY, World, running_desk
from support.engines import RunningEngines
from ventanilla.access import Role, issue_token, read_token


async def test_the_session_cookie_is_for_the_desk_alone_and_ends_at_logout(world: World) -> None:
    agent = world.nobody()
    answer = await agent.log_in("agente.rprh")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-ventanilla=")
    for attribute in ("Secure", "HttpOnly", "SameSite=strict", "Path=/"):
        assert attribute in cookie
    assert "Domain" not in cookie
    assert answer.json() == {
        "id": "agente.rprh", "name": "Agente de Propiedad Raíz", "role": "agent",
        "areas": ["rprh"], "capacity": 6, "finance": False,
    }  # fmt: skip
    stored = await world.store.collection("desk_sessions").find({}).to_list()
    assert agent.cookie not in str(stored)
    assert (await agent.request("DELETE", "/v1/session")).status_code == 204
    after = await agent.request("GET", "/v1/session")
    assert (after.status_code, after.json()["code"]) == (401, "login_required")


async def test_a_wrong_password_and_an_unknown_name_are_answered_alike(world: World) -> None:
    known = await world.nobody().log_in("agente.rprh", "no es la clave")
    unknown = await world.nobody().log_in("no.existe", "no es la clave")
    assert known.status_code == unknown.status_code == 401
    assert known.json() == unknown.json()
    assert "set-cookie" not in known.headers


@pytest.mark.parametrize("name", ["agente.comercio", "no.existe"])
async def test_after_some_tries_one_has_to_wait(world: World, name: str) -> None:
    answers = await asyncio.gather(*(world.nobody().log_in(name, f"intento {n}") for n in range(12)))
    assert sorted(answer.status_code for answer in answers) == [401] * 8 + [429] * 4
    last = await world.nobody().log_in(name)
    assert last.status_code == 429
    assert 0 < int(last.headers["retry-after"]) <= 300
    assert last.json()["code"] == "too_many_attempts"
    assert (await world.nobody().log_in("supervisora")).status_code == 200


async def test_another_site_can_do_nothing(world: World) -> None:
    agent = await world.agent("agente.rprh")
    waiting = await world.citizen().waits_in("rprh")
    path = f"/v1/conversations/{waiting.id}/take"
    for headers in (
        {"origin": "https://otro.example"},
        {"origin": "null"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ):
        answer = await agent.request("POST", path, **headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin"), headers
    form = await world.http.post(
        "/v1/session", data={"username": "agente.rprh"}, headers={"origin": world.url}
    )
    assert (form.status_code, form.json()["code"]) == (415, "json_only")
    async with agent.events(origin="https://otro.example") as events:
        with pytest.raises(Exception, match="4403"):
            await events.until("hello")
    async with world.nobody().events() as events:
        with pytest.raises(Exception, match="4401"):
            await events.until("hello")


async def test_every_answer_forbids_what_the_desk_does_not_need(world: World) -> None:
    for path in ("/", "/static/desk.css", "/v1/session", "/nothing"):
        headers = (await world.http.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


async def test_a_disabled_account_is_out_at_once(world: World) -> None:
    admin, agent = await world.agent("admin"), await world.agent("agente.rpi")
    assert (await agent.request("GET", "/v1/session")).status_code == 200
    await admin.request("PATCH", "/v1/accounts/agente.rpi", {"disabled": True})
    assert (await agent.request("GET", "/v1/session")).status_code == 401
    assert (await agent.log_in("agente.rpi")).status_code == 401
    await admin.request("PATCH", "/v1/accounts/agente.rpi", {"disabled": False})
    assert (await agent.request("GET", "/v1/session")).status_code == 401
    again = await world.agent("agente.rpi")
    changed = await admin.request("PATCH", "/v1/accounts/agente.rpi", {"password": "una-clave-nueva"})
    assert changed.status_code == 200
    assert (await again.request("GET", "/v1/session")).status_code == 401
    assert (await again.log_in("agente.rpi", "una-clave-nueva")).status_code == 200


async def test_only_administrators_keep_accounts(world: World) -> None:
    admin = await world.agent("admin")
    for name in ("agente.rprh", "supervisora"):
        agent = await world.agent(name)
        answer = await agent.request("GET", "/v1/accounts")
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    listed = await admin.get("/v1/accounts")
    assert "hash" not in str(listed)
    names = [account["username"] for account in listed["items"]]
    assert {"admin", "agente.general", "agente.rprh", "supervisora"} <= set(names)
    new: dict[str, Any] = {"username": "ana", "password": "corta", "role": "agent", "display_name": "Ana"}
    assert (await admin.request("POST", "/v1/accounts", new)).status_code == 422
    new |= {"password": "ya-es-bastante-larga", "areas": ["nada"]}
    assert (await admin.request("POST", "/v1/accounts", new)).json()["code"] == "unknown_area"
    new["areas"] = ["rprh", "general"]
    assert (await admin.request("POST", "/v1/accounts", new)).status_code == 201
    assert (await admin.request("POST", "/v1/accounts", new)).json()["code"] == "username_taken"
    last = await admin.request("PATCH", "/v1/accounts/admin", {"disabled": True})
    assert (last.status_code, last.json()["code"]) == (409, "last_admin")


async def test_agents_see_their_areas_and_nothing_else(world: World) -> None:
    areas: tuple[str | None, ...] = ("rprh", "comercio", None)
    places = {area: await world.citizen().waits_in(area) for area in areas}
    sees: dict[str, set[str | None]] = {
        "agente.rprh": {"rprh"}, "agente.comercio": {"comercio"}, "agente.general": {None},
        "agente.rgm": set(), "supervisora": set(places), "admin": set(places),
    }  # fmt: skip
    for name, expected in sees.items():
        agent = await world.agent(name)
        for view in ("waiting", "all"):
            listed = await agent.get(f"/v1/conversations?view={view}")
            assert {one["id"] for one in listed["items"]} == {places[area].id for area in expected}
        for area, conversation in places.items():
            path = f"/v1/conversations/{conversation.id}"
            answer = await agent.request("GET", path)
            assert answer.status_code == (200 if area in expected else 404)
            if area not in expected:
                for act in ("take", "release", "close"):
                    assert (await agent.request("POST", f"{path}/{act}")).status_code == 404
        queues = [queue["id"] for queue in (await agent.get("/v1/queues"))["items"]]
        assert len(queues) == (6 if expected == set(places) else 1)


async def test_scripts_come_with_a_token(world: World) -> None:
    waiting = await world.citizen().waits_in("rprh")

    async def listed(role: Role, areas: frozenset[str] = frozenset()) -> tuple[int, Any]:
        token = issue_token(TOKEN_KEY, "robot", role, areas)
        answer = await world.http.get(
            "/v1/conversations?view=all", headers={"authorization": f"Bearer {token}"}
        )
        return answer.status_code, answer.json()

    assert (await listed(Role.FINANCE))[0] == 403
    assert (await listed(Role.AGENT))[1]["items"] == []
    assert [one["id"] for one in (await listed(Role.AGENT, frozenset({"rprh"})))[1]["items"]] == [waiting.id]
    assert [one["id"] for one in (await listed(Role.SUPERVISOR))[1]["items"]] == [waiting.id]
    assert (await listed(Role.SUPERVISOR, frozenset({"rpi"})))[1]["items"] == []
    bad = await world.http.get("/v1/queues", headers={"authorization": "Bearer nonsense"})
    assert bad.status_code == 401


async def test_finance_signs_in_at_the_desk_and_is_led_to_its_page(world: World) -> None:
    finance = await world.agent("finanzas")
    assert (await finance.get("/v1/session"))["finance"] is True
    answer = await finance.request("POST", "/v1/session/finance")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    page, token = answer.json()["url"].split("#token=")
    assert page == FINANCE
    principal = read_token(TOKEN_KEY, token)
    assert (principal.subject, principal.role) == ("finanzas", Role.FINANCE)
    claims = jwt.decode(token, TOKEN_KEY, algorithms=["HS256"], audience="ventanilla")
    assert claims["exp"] - claims["iat"] == 30 * 60


async def test_finance_sees_no_conversation(world: World) -> None:
    finance = await world.agent("finanzas")
    waiting = await world.citizen().waits_in("rprh")
    for method, path in (
        ("GET", "/v1/conversations?view=all"), ("GET", f"/v1/conversations/{waiting.id}"),
        ("GET", "/v1/queues"), ("GET", "/v1/institution"), ("GET", "/v1/accounts"),
        ("POST", f"/v1/conversations/{waiting.id}/take"),
    ):  # fmt: skip
        answer = await finance.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), path
    async with finance.events() as events:
        with pytest.raises(Exception, match="4403"):
            await events.until("hello")
    assert (await finance.request("DELETE", "/v1/session")).status_code == 204


async def test_nobody_else_gets_a_token_for_the_finance_page(world: World) -> None:
    for name, status in (("agente.rprh", 403), ("supervisora", 200), ("admin", 200)):
        person = await world.agent(name)
        assert (await person.request("POST", "/v1/session/finance")).status_code == status, name
        assert (await person.get("/v1/session"))["finance"] is (status == 200)
    assert (await world.nobody().request("POST", "/v1/session/finance")).status_code == 401
    supervisor = await world.agent("supervisora")
    foreign = await supervisor.request("POST", "/v1/session/finance", origin="https://otro.example")
    assert (foreign.status_code, foreign.json()["code"]) == (403, "foreign_origin")
    # A token makes no other token, which would outlive it.
    token = issue_token(TOKEN_KEY, "robot", Role.ADMIN)
    robot = await world.http.post(
        "/v1/session/finance", headers={"authorization": f"Bearer {token}", "origin": world.url}
    )
    assert robot.status_code == 401


async def test_an_administrator_makes_accounts_for_finance(world: World) -> None:
    admin = await world.agent("admin")
    new = {"username": "rosa", "password": PASSWORD, "role": "finance", "display_name": "Rosa Portillo"}
    assert (await admin.request("POST", "/v1/accounts", new)).status_code == 201
    rosa = await world.agent("rosa")
    assert (await rosa.request("POST", "/v1/session/finance")).status_code == 200


async def test_without_a_finance_page_the_desk_says_so(engines: RunningEngines, database: str) -> None:
    async with running_desk(engines, database, with_router=False, finance_url=None) as world:
        finance = await world.agent("finanzas")
        assert (await finance.get("/v1/session"))["finance"] is False
        answer = await finance.request("POST", "/v1/session/finance")
        assert (answer.status_code, answer.json()["code"]) == (404, "no_finance_page")


async def test_the_api_describes_itself(world: World) -> None:
    described = (await world.http.get("/openapi.json")).json()
    assert set(described["paths"]) == {
        "/v1/session", "/v1/session/finance", "/v1/presence", "/v1/queues", "/v1/institution",
        "/v1/conversations",
        "/v1/conversations/{conversation_id}", "/v1/conversations/{conversation_id}/read",
        "/v1/conversations/{conversation_id}/take", "/v1/conversations/{conversation_id}/reply",
        "/v1/conversations/{conversation_id}/transfer", "/v1/conversations/{conversation_id}/release",
        "/v1/conversations/{conversation_id}/close", "/v1/accounts", "/v1/accounts/{username}",
    }  # fmt: skip
    reply = described["paths"]["/v1/conversations/{conversation_id}/reply"]["post"]
    assert {"200", "202", "401", "404", "409", "503"} <= set(reply["responses"])
