"""The sandbox's process: no Kafka, no MongoDB, nothing kept when it stops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector
from fastapi import FastAPI

from sandbox.api.controls import controls
from sandbox.api.events import events
from sandbox.api.graph import graph_api
from sandbox.api.site import site
from sandbox.deliveries import Deliveries
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
_ANSWER_SECONDS = 15
_CONNECTIONS = 16


def create_app(settings: SandboxSettings | None = None) -> FastAPI:
    """The ASGI application. Raises `ConfigError` when the institution's file is wrong."""
    settings = settings or load_settings(SandboxSettings)
    institution = load_institution(settings.config)
    accounts = [account for account in institution.accounts if account.channel is Channel.WHATSAPP]
    webhooks = Webhooks(settings)
    deliveries = Deliveries(webhooks.post, _BACKLOG)
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
        async with webhooks:
            sender.append(asyncio.create_task(deliveries.run()))
            log.info("started", numbers=len(provider.numbers))
            try:
                yield
            finally:
                sender[0].cancel()
                await asyncio.gather(*sender, return_exceptions=True)
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


class Webhooks:
    """Posts notifications to ingest, signed as Meta signs them."""

    def __init__(self, settings: SandboxSettings) -> None:
        self._url = f"{settings.ingest_url.rstrip('/')}/webhooks/whatsapp"
        self._secret = settings.whatsapp_app_secret.get_secret_value()
        self._session: ClientSession | None = None

    async def __aenter__(self) -> None:
        """Connections live as long as the context."""
        self._session = ClientSession(
            timeout=ClientTimeout(total=_ANSWER_SECONDS), connector=TCPConnector(limit=_CONNECTIONS)
        )

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def post(self, body: bytes) -> int:
        """The status of the answer; 0 when there was none."""
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": signature(self._secret, body)}
        assert self._session is not None, "nothing is posted before the start"
        try:
            async with self._session.post(self._url, data=body, headers=headers) as response:
                return response.status
        except (ClientError, TimeoutError):
            return 0
