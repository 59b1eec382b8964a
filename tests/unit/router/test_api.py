"""The router over HTTP, as a supervisor's script sees it."""

from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI

import router.api
from router.api import routes
from router.domain.state import RouterState
from support.conversations import CITIZEN, Story, institution
from support.messages import NOON
from ventanilla.access import Role, issue_token
from ventanilla.stream import KeyedState

KEY = "k" * 32


class States:
    """Stands for the stream's durable states."""

    async def read(self, contact_id: str) -> RouterState | None:
        return Story().says().hands_over("rprh").state if contact_id == CITIZEN else None


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    monkeypatch.setattr(router.api, "utc_now", lambda: NOON)
    app = FastAPI()
    app.include_router(routes(KEY, institution(), cast(KeyedState[RouterState], States())))
    return app


async def get(
    app: FastAPI, path: str, role: Role | None = Role.SUPERVISOR, areas: frozenset[str] = frozenset()
) -> httpx.Response:
    headers = {"authorization": f"Bearer {issue_token(KEY, 'test', role, areas)}"} if role else {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://router") as client:
        return await client.get(path, headers=headers)


async def test_a_supervisor_sees_a_conversation(app: FastAPI) -> None:
    answer = await get(app, f"/v1/conversations/{CITIZEN}")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    assert body["conversation"]["state"] == "waiting_for_agent"
    assert body["conversation"]["queued_at"] == "2026-11-24T18:00:00Z"
    assert body["due_at"] is not None


async def test_areas_are_walls(app: FastAPI) -> None:
    path = f"/v1/conversations/{CITIZEN}"
    assert (await get(app, path, areas=frozenset({"rprh", "igcn"}))).status_code == 200
    assert (await get(app, path, areas=frozenset({"comercio"}))).status_code == 403


async def test_a_contact_who_never_wrote_is_not_found(app: FastAPI) -> None:
    assert (await get(app, f"/v1/conversations/{'0' * 32}")).status_code == 404


async def test_a_telephone_number_is_no_contact_id(app: FastAPI) -> None:
    assert (await get(app, "/v1/conversations/50370001111")).status_code == 422


@pytest.mark.parametrize(
    ("path", "role", "status"),
    [
        (f"/v1/conversations/{CITIZEN}", None, 401),
        (f"/v1/conversations/{CITIZEN}", Role.AGENT, 403),
        (f"/v1/conversations/{CITIZEN}", Role.FINANCE, 403),
        (f"/v1/conversations/{CITIZEN}", Role.ADMIN, 200),
        ("/v1/queues", None, 401),
        ("/v1/queues", Role.FINANCE, 403),
        ("/v1/queues", Role.AGENT, 200),
    ],
)
async def test_who_may_see_what(app: FastAPI, path: str, role: Role | None, status: int) -> None:
    assert (await get(app, path, role)).status_code == status


async def test_queues_say_whether_they_are_open_and_until_when(app: FastAPI) -> None:
    items = (await get(app, "/v1/queues")).json()["items"]
    assert [item["id"] for item in items] == list(institution().queues)
    assert items[0] == {
        "id": "rprh",
        "name": "Propiedad Raíz e Hipotecas",
        "area": "rprh",
        "open": True,
        "next_opening": "2026-11-25T13:30:00Z",
        "next_closing": "2026-11-24T22:00:00Z",
    }
