"""A stand-in for graph.facebook.com: takes requests on a real socket, and answers as it was told."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Json = dict[str, Any]


class Provider:
    """Accepts everything, except what `answers` says of the next requests, in their order."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[Json] = []
        self.paths: list[str] = []
        self.tokens: list[str] = []
        self.answers: deque[Callable[[Json], Response]] = deque()
        self.before: Callable[[Json], Any] | None = None
        """Called for each request before it is answered; what it returns is awaited."""

    async def take(self, request: Request) -> Response:
        body: Json = await request.json()
        self.requests.append(body)
        self.paths.append(request.url.path)
        self.tokens.append(request.headers.get("authorization", ""))
        number = len(self.requests)
        if self.before is not None:
            await self.before(body)
        if self.answers:
            return self.answers.popleft()(body)
        return accepted(f"wamid.P{number}")

    def fail(self, code: int, status: int = 400, **headers: str) -> None:
        """The next request but those already told about fails so."""
        body = {"error": {"code": code, "message": f"(#{code}) told to fail", "type": "OAuthException"}}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append(lambda _: JSONResponse(body, status_code=status, headers=named))

    def say(self, status: int, content: bytes) -> None:
        self.answers.append(lambda _: Response(content, status_code=status))

    @property
    def texts(self) -> list[str]:
        return [request["text"]["body"] for request in self.requests if request["type"] == "text"]


def accepted(identity: str) -> Response:
    return JSONResponse({"messaging_product": "whatsapp", "messages": [{"id": identity}]})


@asynccontextmanager
async def running_provider() -> AsyncIterator[Provider]:
    provider = Provider()
    app = Starlette(routes=[Route("/v23.0/{number}/messages", provider.take, methods=["POST"])])
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    provider.url = f"http://127.0.0.1:{port}/v23.0"
    try:
        yield provider
    finally:
        server.should_exit = True
        await serving
