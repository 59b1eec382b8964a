"""A running desk with a real router behind it, on real engines; the test plays citizens, bot and provider."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import httpx
from argon2 import PasswordHasher
from websockets.asyncio.client import ClientConnection, connect

from agent_gateway import passwords
from agent_gateway.api.gate import COOKIE
from agent_gateway.app import create_app
from agent_gateway.settings import DeskSettings
from router.app import create_app as create_router
from router.settings import RouterSettings
from stack.topics import apply
from support.engines import RunningEngines
from support.messages import received
from support.serving import serving
from support.topics import write
from ventanilla.clock import utc_now
from ventanilla.contracts.channel import (
    Channel,
    DeliveryStatus,
    EchoedMessage,
    InboundContent,
    MessageStatus,
    OutboundContent,
    Reaction,
    StatusError,
    SystemNotice,
    Text,
    TextOut,
    echo_id,
)
from ventanilla.contracts.conversation import BotAnswered, BotOutcome, Conversation, ConversationState
from ventanilla.contracts.event import derived_id
from ventanilla.service import Runtime
from ventanilla.topics import BOT_ANSWERED, ECHOED, RECEIVED, STATUS

PASSWORD = "una-clave-de-prueba"
_NEVER = datetime.min.replace(tzinfo=UTC)
TOKEN_KEY = "t" * 40
WHATSAPP = "106540352242922"
REPLAY = "106540352242999"
FINANCE = "http://127.0.0.1:1/"
"""Where nobody is: a test that opens the finance page runs one."""


@dataclass
class Citizen:
    """Somebody who writes, the bot that hears him, and the provider in between."""

    world: "World"
    contact: str = field(default_factory=lambda: uuid4().hex)
    channel: Channel = Channel.WHATSAPP
    account: str = WHATSAPP
    name: str = "María Hernández"
    numbers: "count[int]" = field(default_factory=count)
    spoke_at: datetime = _NEVER
    """When he last said what a bot may answer."""

    async def says(
        self, text: str = "hola", *, content: InboundContent | None = None, at: datetime | None = None
    ) -> str:
        """Returns the message's id; waits until the desk has it."""
        event = received(
            self.contact, next(self.numbers), text,
            at=at or utc_now(), content=content, channel=self.channel, account=self.account,
        )  # fmt: skip
        sender = event.sender.model_copy(update={"name": self.name, "address_hint": "…5000"})
        await write(self.world.engines.kafka, RECEIVED, [event.model_copy(update={"sender": sender})])
        await self.world.until_stored("desk_messages", event.id)
        if not isinstance(content, Reaction | SystemNotice):
            self.spoke_at = max(self.spoke_at, event.occurred_at)
        return event.id

    async def conversation(self) -> Conversation:
        """As the desk has it, as soon as it has one: it may know a message before its conversation."""
        async with asyncio.timeout(20):
            while True:
                found = await self.world.store.collection("desk_conversations").find({}).to_list()
                known = [Conversation.model_validate_json(one["body"]) for one in found if one.get("body")]
                if own := [one for one in known if one.contact_id == self.contact]:
                    return max(own, key=lambda one: one.opened_at)
                await asyncio.sleep(0.03)

    async def bot_says(
        self,
        *replies: str | OutboundContent,
        outcome: BotOutcome = BotOutcome.CONTINUE,
        area: str | None = None,
        category: str | None = None,
    ) -> None:
        async with asyncio.timeout(20):
            # The desk writes messages first: for a moment it knows of one and not of its turn.
            while (conversation := await self.conversation()).last_inbound_at < self.spoke_at:
                await asyncio.sleep(0.03)
        identity = derived_id("bot", conversation.id, str(conversation.turn))
        answer = BotAnswered(
            id=identity, occurred_at=conversation.last_inbound_at, contact_id=self.contact,
            correlation_id=identity, conversation_id=conversation.id, turn=conversation.turn,
            replies=[TextOut(text=one) if isinstance(one, str) else one for one in replies],
            outcome=outcome, area=area, category=category, reason="requested",
        )  # fmt: skip
        await write(self.world.engines.kafka, BOT_ANSWERED, [answer])

    async def waits_in(self, area: str | None, *words: str, at: datetime | None = None) -> Conversation:
        """Writes, asks for a person, and waits in the area's queue."""
        for text in words or ("hola",):
            await self.says(text, at=at)
        await self.bot_says(outcome=BotOutcome.HANDOVER, area=area, category="requisitos")
        async with asyncio.timeout(20):
            while (found := await self.conversation()).state is not ConversationState.WAITING:
                await asyncio.sleep(0.03)
        return found

    async def is_told(self, text: str, provider_message_id: str, at: datetime | None = None) -> str:
        """Somebody answers him on the telephone of the institution's number; returns the echo's id."""
        moment = at or utc_now()
        identity = echo_id(self.channel, self.account, provider_message_id)
        echo = EchoedMessage(
            id=identity, occurred_at=moment, contact_id=self.contact, correlation_id=identity,
            channel=self.channel, account=self.account, provider_message_id=provider_message_id,
            content=Text(text=text), received_at=utc_now(),
        )  # fmt: skip
        await write(self.world.engines.kafka, ECHOED, [echo])
        return identity

    async def status(self, message_id: str, status: DeliveryStatus, *, part: int = 0, parts: int = 1) -> None:
        """The provider says what became of a part."""
        conversation = await self.conversation()
        failed = status is DeliveryStatus.FAILED
        event = MessageStatus(
            id=derived_id("status", message_id, str(part), status), occurred_at=utc_now(),
            contact_id=self.contact, correlation_id=message_id, channel=self.channel, account=self.account,
            status=status, provider_message_id=f"wamid.{message_id}.{part}", message_id=message_id,
            conversation_id=conversation.id, part=part, parts=parts,
            error=StatusError(code="131026", title="Message undeliverable") if failed else None,
        )  # fmt: skip
        await write(self.world.engines.kafka, STATUS, [event])


class Agent:
    """A browser without a page: keeps the session's cookie, and sends the desk's origin."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self.url = url
        self.cookie = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"origin": self.url} | ({"cookie": f"{COOKIE}={self.cookie}"} if self.cookie else {})

    async def request(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self._http.request(method, path, json=body, headers=self.headers | more)
        self._http.cookies.clear()
        return answer

    async def log_in(self, username: str, password: str = PASSWORD) -> httpx.Response:
        answer = await self.request("POST", "/v1/session", {"username": username, "password": password})
        self.cookie = answer.headers.get("set-cookie", "").partition("=")[2].partition(";")[0]
        return answer

    async def get(self, path: str) -> Any:
        """The body of a 200."""
        answer = await self.request("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def act(
        self, conversation: Conversation, act: str, body: Any = None, key: str | None = None
    ) -> httpx.Response:
        return await self.request(
            "POST", f"/v1/conversations/{conversation.id}/{act}", body,
            **{"idempotency-key": key or uuid4().hex},
        )  # fmt: skip

    async def transcript(self, conversation: Conversation) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.get(f"/v1/conversations/{conversation.id}"))["messages"]
        return found

    @asynccontextmanager
    async def events(self, **headers: str) -> AsyncIterator["Events"]:
        """The socket, past its `hello`."""
        address = self.url.replace("http", "ws") + "/v1/events"
        async with connect(address, additional_headers=self.headers | headers) as connection:
            yield Events(connection)


class Events:
    """What the socket pushes."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def until(self, kind: str, seconds: float = 10) -> dict[str, Any]:
        """The next push of a kind; others before it are passed over."""
        async with asyncio.timeout(seconds):
            while True:
                push: dict[str, Any] = json.loads(await self._connection.recv())
                if push["type"] == kind:
                    return push

    async def during(self, seconds: float) -> list[dict[str, Any]]:
        """Everything that comes in that time."""
        pushes: list[dict[str, Any]] = []
        try:
            async with asyncio.timeout(seconds):
                while True:
                    pushes.append(json.loads(await self._connection.recv()))
        except TimeoutError:
            return pushes


@dataclass
class World:
    """One desk, its router and its engines."""

    engines: RunningEngines
    url: str
    runtime: Runtime[DeskSettings]
    http: httpx.AsyncClient

    @property
    def store(self) -> Any:
        return self.runtime.store

    def citizen(self, name: str = "María Hernández", **options: Any) -> Citizen:
        return Citizen(self, name=name, **options)

    def nobody(self) -> Agent:
        return Agent(self.http, self.url)

    async def agent(self, username: str = "agente.rprh", password: str = PASSWORD) -> Agent:
        agent = self.nobody()
        answer = await agent.log_in(username, password)
        assert answer.status_code == 200, answer.text
        return agent

    async def until_stored(self, collection: str, identity: str, seconds: float = 20) -> dict[str, Any]:
        async with asyncio.timeout(seconds):
            while True:
                found: dict[str, Any] | None = await self.store.collection(collection).find_one(
                    {"_id": identity}
                )
                if found is not None:
                    return found
                await asyncio.sleep(0.02)


def long_ago() -> datetime:
    """Before WhatsApp's window, and not so long ago that the conversation has ended."""
    return utc_now() - timedelta(hours=25)


def settings(engines: RunningEngines, database: str) -> dict[str, Any]:
    return {
        "kafka_bootstrap": engines.kafka,
        "mongo_url": engines.mongo,
        "mongo_database": database,
        "config": Path("deploy/config/cnr.yaml"),
        "contact_key": "k" * 32,
        "token_key": TOKEN_KEY,
    }


def _quick_hasher() -> PasswordHasher:
    """Real argon2id, with parameters for tests: nobody attacks these passwords."""
    return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@asynccontextmanager
async def running_desk(
    engines: RunningEngines,
    database: str,
    *,
    with_router: bool = True,
    finance_url: str | None = FINANCE,
) -> AsyncIterator[World]:
    """Runs until the block ends; then both stop as at SIGTERM."""
    await apply(engines.kafka)
    common = settings(engines, database)
    async with AsyncExitStack() as stack:
        if with_router:
            router = create_router(RouterSettings.model_validate(common))
            await stack.enter_async_context(router.router.lifespan_context(router))
        stack.enter_context(patch.object(passwords, "PasswordHasher", _quick_hasher))
        own = {"admin_password": PASSWORD, "demo_password": PASSWORD, "finance_url": finance_url}
        app = create_app(DeskSettings.model_validate(common | own))
        url = await stack.enter_async_context(serving(app, lifespan="on"))
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=30))
        async with asyncio.timeout(60):
            while (await http.get("/health/ready")).status_code != 200:
                await asyncio.sleep(0.05)
            while with_router and await router.state.runtime.problems():
                await asyncio.sleep(0.05)
        yield World(engines, url, app.state.runtime, http)
