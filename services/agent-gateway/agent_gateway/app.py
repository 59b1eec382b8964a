"""Puts the desk together: its projection, its API, its page."""

import asyncio
from pathlib import Path

from fastapi import FastAPI

from agent_gateway.api.accounts import account_routes
from agent_gateway.api.acts import act_routes
from agent_gateway.api.conversations import conversation_routes
from agent_gateway.api.events import event_routes
from agent_gateway.api.feed import Feed
from agent_gateway.api.finance import finance_routes
from agent_gateway.api.gate import Gate
from agent_gateway.api.presence import presence_routes
from agent_gateway.api.problems import show_problems
from agent_gateway.api.queues import queue_routes
from agent_gateway.api.session import session_routes
from agent_gateway.desk import Desk, open_desk
from agent_gateway.first_accounts import make_first_accounts
from agent_gateway.handlers import consume
from agent_gateway.settings import DeskSettings
from agent_gateway.texts import load_texts
from ventanilla.clock import utc_now
from ventanilla.contracts.conversation import AgentActed
from ventanilla.observability import logger
from ventanilla.page import SecurityHeaders, page_routes
from ventanilla.service import Runtime, service_app
from ventanilla.settings import load_settings
from ventanilla.store import StoreError
from ventanilla.topics import AGENT_ACTED

log = logger(__name__)

_PURGE_EVERY_SECONDS = 600
_STATIC = Path(__file__).parent / "static"


def create_app(settings: DeskSettings | None = None) -> FastAPI:
    """The application; it connects when it starts. Without `settings` they come from the environment."""
    texts = load_texts()

    async def wire(app: FastAPI, runtime: Runtime[DeskSettings]) -> None:
        async def publish(acted: AgentActed) -> None:
            await runtime.stream.publish((AGENT_ACTED, acted))

        desk = open_desk(
            runtime.institution,
            runtime.store,
            token_key=runtime.settings.token_key.get_secret_value(),
            texts=texts,
            publish=publish,
        )
        await desk.prepare()
        await make_first_accounts(desk, runtime.settings)
        consume(runtime.stream, desk)
        feed = Feed(desk)
        runtime.background("feed", feed.run)
        runtime.background("purge", lambda: _purge(desk))
        _route(app, desk, feed, runtime.settings.finance_url)

    app = service_app(
        "agent-gateway",
        settings or load_settings(DeskSettings),
        wire,
        title="Ventanilla desk",
        description="Queues, conversations, what agents do with them. Events: the WebSocket `/v1/events`.",
    )
    app.add_middleware(SecurityHeaders)
    show_problems(app, texts)
    return app


def _route(app: FastAPI, desk: Desk, feed: Feed, finance_url: str | None) -> None:
    gate = Gate(desk)
    app.include_router(session_routes(desk, gate, finance_page=finance_url is not None))
    app.include_router(finance_routes(desk, gate, finance_url))
    app.include_router(presence_routes(desk, gate))
    app.include_router(queue_routes(desk, gate))
    app.include_router(conversation_routes(desk, gate))
    app.include_router(act_routes(desk, gate))
    app.include_router(account_routes(desk, gate))
    app.include_router(event_routes(desk, gate, feed))
    app.include_router(page_routes(_STATIC))


async def _purge(desk: Desk) -> None:
    """Forget what has ended: not every engine removes documents by a time-to-live index."""
    while True:
        now = utc_now()
        try:
            await desk.sessions.purge(now)
            await desk.attempts.purge(now)
            await desk.acts.purge(now)
        except StoreError as error:
            log.warning("purge_postponed", error=type(error).__name__)
        await asyncio.sleep(_PURGE_EVERY_SECONDS)
