"""The sandbox's process: no Kafka, no MongoDB, nothing kept when it stops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from sandbox.api.controls import controls
from sandbox.api.events import events
from sandbox.api.graph import graph_api
from sandbox.api.site import site
from sandbox.deliveries import Deliveries, Post
from sandbox.domain.webhooks import Number, signature
from sandbox.provider import Provider
from sandbox.settings import SandboxSettings
from sandbox.store.journal import Journal
from sandbox.store.phones import Phones
from ventanilla.clock import utc_now
from ventanilla.contracts.channel import Channel
from ventanilla.institution import Account, load_institution
from ventanilla.observability import configure_logging, logger
from ventanilla.service import ServiceApp, add_probes
from ventanilla.settings import load_settings

log = logger(__name__)

_JOURNAL = 20_000  # happenings
_BACKLOG = 50_000  # updates that ingest has not taken yet


def create_app(settings: SandboxSettings | None = None) -> FastAPI:
    """The ASGI application. Raises `ConfigError` when the institution's file is wrong."""
    settings = settings or load_settings(SandboxSettings)
    institution = load_institution(settings.config)
    accounts = [account for account in institution.accounts if account.channel is Channel.WHATSAPP]
    client = httpx.AsyncClient(timeout=15, limits=httpx.Limits(max_connections=16))
    deliveries = Deliveries(_poster(client, settings), _BACKLOG)
    provider = Provider(
        numbers={
            account.id: Number(account.id, account.display or account.id, account.name)
            for account in accounts
        },
        templates=frozenset(_templates(accounts)),
        phones=Phones(settings.phones, settings.messages),
        journal=Journal(_JOURNAL),
        deliveries=deliveries,
        wall=utc_now,
        status_delay=settings.status_delay,
    )
    sender: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        configure_logging("sandbox", settings.log_level)
        sender.append(asyncio.create_task(deliveries.run()))
        log.info("started", numbers=len(provider.numbers))
        try:
            yield
        finally:
            sender[0].cancel()
            await asyncio.gather(*sender, return_exceptions=True)
            await client.aclose()
            log.info("stopped", updates_not_taken=deliveries.pending)

    async def problems() -> list[str]:
        return ["webhooks are not being sent"] if not sender or sender[0].done() else []

    app = ServiceApp(
        direct={},
        title="Ventanilla sandbox",
        description="Stands in for graph.facebook.com and for citizens' phones. Remembers in memory only.",
        version="1.0",
        lifespan=lifespan,
    )
    add_probes(app, problems)
    app.include_router(graph_api(provider, settings.whatsapp_access_token.get_secret_value()))
    app.include_router(controls(provider, _default(accounts), institution.time_zone))
    app.include_router(events(provider.journal))
    app.include_router(site())
    return app


def _templates(accounts: list[Account]) -> set[tuple[str, str]]:
    """The institution's own templates are the ones that the provider approved."""
    found = (account.window_template for account in accounts)
    return {(template.name, template.language) for template in found if template}


def _default(accounts: list[Account]) -> str | None:
    """A live number rather than one that plays recorded days."""
    return next((account.id for account in sorted(accounts, key=lambda one: one.replay)), None)


def _poster(client: httpx.AsyncClient, settings: SandboxSettings) -> Post:
    url = f"{settings.ingest_url.rstrip('/')}/webhooks/whatsapp"
    secret = settings.whatsapp_app_secret.get_secret_value()

    async def post(body: bytes) -> int:
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": signature(secret, body)}
        try:
            return (await client.post(url, content=body, headers=headers)).status_code
        except httpx.HTTPError:
            return 0

    return post
