"""A business's webhook on a real port: keeps every body whose signature is right, answers as told."""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp


@dataclass
class WebhookReceiver:
    """`answers` are the HTTP statuses of the next webhooks; 200 when there are none left."""

    secret: str
    answers: list[int] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    forged: int = 0
    url: str = ""

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        wanted = "sha256=" + hmac.new(self.secret.encode(), body, sha256).hexdigest()
        if not hmac.compare_digest(wanted, request.headers.get("x-hub-signature-256", "")):
            self.forged += 1
            return Response(status_code=401)
        answer = self.answers.pop(0) if self.answers else 200
        if answer == 200:
            self.bodies.append(json.loads(body))
        return Response(status_code=answer)

    def values(self) -> list[dict[str, Any]]:
        """The value of every change taken, in order."""
        return [
            change["value"] for body in self.bodies for entry in body["entry"] for change in entry["changes"]
        ]

    def statuses(self) -> list[dict[str, Any]]:
        return [status for value in self.values() for status in value.get("statuses", [])]

    def messages(self) -> list[dict[str, Any]]:
        return [message for value in self.values() for message in value.get("messages", [])]

    async def until(self, statuses: int = 0, messages: int = 0) -> None:
        """Waits for that many. Raises `TimeoutError` after 20 seconds."""
        async with asyncio.timeout(20):
            while len(self.statuses()) < statuses or len(self.messages()) < messages:
                await asyncio.sleep(0.005)


async def settled(sandbox: httpx.AsyncClient, account: str = "106540352242922") -> None:
    """Waits until the sandbox knows that everything of it was taken. Raises `TimeoutError`."""
    async with asyncio.timeout(20):
        while (await sandbox.get("/v1/report", params={"account": account})).json()["pending"]:
            await asyncio.sleep(0.005)


@asynccontextmanager
async def listening(app: ASGIApp, lifespan: Literal["on", "off"] = "off") -> AsyncIterator[str]:
    """Serves `app` on a free port of the loopback until the block ends; gives `127.0.0.1:<port>`."""
    config = uvicorn.Config(app, port=0, log_config=None, lifespan=lifespan, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def webhook_receiver(secret: str) -> AsyncIterator[WebhookReceiver]:
    """Listens until the block ends."""
    receiver = WebhookReceiver(secret)
    app = Starlette(routes=[Route("/webhooks/whatsapp", receiver._take, methods=["POST"])])
    async with listening(app) as address:
        receiver.url = f"http://{address}"
        yield receiver
