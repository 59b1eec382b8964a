"""The web chat alone, on real engines: its routes in a small server, its sender, a visitor to talk with."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

import orjson
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from ingest.channels.sender import Address
from ingest.channels.webchat import Keys, WebChat, web_chat
from ingest.channels.webchat.limits import Limits
from ingest.gate import Gate
from ingest.identity.person import Person
from support.engines import RunningEngines
from support.serving import serving
from ventanilla.clock import utc_now
from ventanilla.contacts import contact_id
from ventanilla.contracts.channel import Author, Channel, Menu, Option, OutboundMessage, TextOut
from ventanilla.contracts.event import derived_id
from ventanilla.institution import Institution
from ventanilla.store import Store
from ventanilla.stream import Output, Stream
from ventanilla.tasks import end

KEYS = Keys(token="t" * 40, contact=b"c" * 40)

INSTITUTION = Institution.model_validate(
    {
        "id": "registro",
        "name": "Registro de Prueba",
        "time_zone": "America/El_Salvador",
        "areas": {"tierras": {"name": "Tierras", "queue": "tierras"}},
        "categories": {"requisitos": {"name": "Requisitos"}},
        "schedules": {"office": {"weekly": {"mon": ["08:00-16:00"]}}},
        "queues": {"tierras": {"name": "Tierras", "schedule": "office"}},
        "default_queue": "tierras",
        "accounts": [{"channel": "webchat", "id": "web", "name": "Sitio"}],
        "texts": dict.fromkeys(
            ("queued", "out_of_hours", "reopened", "taken", "transferred", "closed", "idle_closed"), "…"
        ),
    }
)


def contact_of(visitor_id: str) -> str:
    return contact_id(KEYS.contact, Channel.WEBCHAT, "web", visitor_id)


class Served(Protocol):
    """Something that has the web chat's routes."""

    @property
    def url(self) -> str: ...


@dataclass
class Replica:
    """One process of the web chat. `met` are the persons that it registered."""

    chat: WebChat
    url: str
    """`http://127.0.0.1:PORT`."""
    met: list[Person]
    published: list[Output]
    refuse: list[Exception] = field(default_factory=list)
    """Each is raised once instead of publishing."""

    async def say(self, contact: str, content: TextOut | Menu, message_id: str = "", by: str = "bot") -> str:
        """Deliver an answer as the deliveries would. Returns the message's id."""
        message = answer(contact, content, message_id or uuid4().hex, by)
        (body,) = self.chat.sender.parts(message)
        address = Address(contact, Channel.WEBCHAT, "web", user_id="whoever")
        return await self.chat.sender.send(address, message, 0, 1, body)


def answer(contact: str, content: TextOut | Menu, message_id: str, by: str = "bot") -> OutboundMessage:
    author = {"bot": Author(kind="bot"), "agent": Author(kind="agent", id="ana", name="Ana Pérez")}.get(
        by, Author(kind="system")
    )
    return OutboundMessage(
        id=message_id,
        occurred_at=utc_now(),
        contact_id=contact,
        correlation_id=derived_id("test", message_id),
        conversation_id="conversation-1",
        channel=Channel.WEBCHAT,
        account="web",
        author=author,
        content=content,
        cause_id="cause",
    )


MENU = Menu(
    text="¿Sobre qué registro es su consulta?",
    options=[
        Option(id="area:tierras", title="Tierras", description="Inscripciones, hipotecas y desmembraciones"),
        Option(id="area:comercio", title="Comercio"),
    ],
    button="Ver opciones",
)


@asynccontextmanager
async def replica(
    engines: RunningEngines,
    database: str,
    *,
    limits: Limits | None = None,
    gate: Gate | None = None,
    origins: Sequence[str] = (),
    port: int = 0,
    on_message: Callable[[Replica, Output], Awaitable[None]] | None = None,
) -> AsyncIterator[Replica]:
    """Runs until the block ends; then its sockets are closed as a restart would close them."""
    store = Store.connect(engines.mongo, database)
    stream = Stream("ingest", engines.kafka, store)
    await stream.start()
    met: list[Person] = []

    async def register(person: Person) -> None:
        met.append(person)

    async def publish(*outputs: Output) -> None:
        if running.refuse:
            raise running.refuse.pop()
        await stream.publish(*outputs)
        for output in outputs:
            running.published.append(output)
            if on_message is not None:
                await on_message(running, output)

    chat = web_chat(
        institution=INSTITUTION,
        store=store,
        publish=publish,
        register=register,
        keys=KEYS,
        gate=gate or Gate("webchat", 100),
        origins=origins,
        limits=limits,
    )
    await chat.prepare()
    app = FastAPI()
    app.include_router(chat.router)
    try:
        async with serving(app, port) as url:
            running = Replica(chat, url, met, [])
            watching = asyncio.create_task(_run(chat.watch))
            try:
                yield running
            finally:
                await end([watching])
    finally:
        await stream.stop()
        await store.close()


async def _run(background: Callable[[], Awaitable[None]]) -> None:
    await background()


class Visitor:
    """A browser's side of the protocol, without a browser."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._passed_over: list[dict[str, Any]] = []

    async def send(self, **frame: Any) -> None:
        await self._connection.send(orjson.dumps(frame).decode())

    async def send_raw(self, data: str | bytes) -> None:
        await self._connection.send(data)

    async def next(self, seconds: float = 10) -> dict[str, Any]:
        async with asyncio.timeout(seconds):
            frame: dict[str, Any] = orjson.loads(await self._connection.recv())
        return frame

    async def until(self, kind: str, seconds: float = 10) -> dict[str, Any]:
        """The next frame of that type; others before it are kept for later."""
        for place, frame in enumerate(self._passed_over):
            if frame["type"] == kind:
                return self._passed_over.pop(place)
        while (frame := await self.next(seconds))["type"] != kind:
            self._passed_over.append(frame)
        return frame

    async def messages(self, count: int, seconds: float = 10) -> list[dict[str, Any]]:
        return [await self.until("message", seconds) for _ in range(count)]

    async def quiet(self, seconds: float = 0.3) -> bool:
        """Whether no message comes for so long."""
        with suppress(TimeoutError):
            await self.until("message", seconds)
            return False
        return True

    async def closed(self) -> tuple[int, list[dict[str, Any]]]:
        """The close code, and the frames that came before it."""
        frames = []
        try:
            while True:
                frames.append(await self.next())
        except ConnectionClosed as end:
            return (end.rcvd.code if end.rcvd else 1006), frames

    async def vanish(self) -> None:
        """The line drops: no close frame, nothing."""
        self._connection.transport.abort()
        await self._connection.wait_closed()


@asynccontextmanager
async def connected(
    server: Served, *, account: str = "web", origin: str | None = None
) -> AsyncIterator[Visitor]:
    """A connection that has said nothing yet."""
    url = f"{server.url.replace('http', 'ws')}/webchat/{account}/socket"
    async with connect(url, origin=origin, max_size=None, proxy=None) as connection:  # type: ignore[arg-type]
        yield Visitor(connection)


@asynccontextmanager
async def visiting(
    server: Served, token: str | None = None, last_seq: int = 0
) -> AsyncIterator[tuple[Visitor, dict[str, Any]]]:
    """A connection after `hello`, and the `welcome` that came back."""
    async with connected(server) as visitor:
        hello: dict[str, Any] = {"type": "hello", "last_seq": last_seq}
        if token is not None:
            hello["token"] = token
        await visitor.send(**hello)
        yield visitor, await visitor.until("welcome")
