"""A running ingest, on real engines, with a provider of the test's own at the other end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from ingest.app import create_app
from ingest.settings import IngestSettings
from stack.topics import apply
from support.engines import RunningEngines
from support.provider import Provider, running_provider

SECRET = "the app secret of these tests"

Ingest = Callable[[], AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with running_provider() as provider:
        yield provider


@pytest.fixture
def settings(fresh_engines: RunningEngines, database: str, provider: Provider) -> IngestSettings:
    return IngestSettings.model_validate(
        {
            "kafka_bootstrap": fresh_engines.kafka,
            "mongo_url": fresh_engines.mongo,
            "mongo_database": database,
            "config": Path("deploy/config/cnr.yaml"),
            "contact_key": "k" * 32,
            "token_key": "t" * 32,
            "webchat_key": "w" * 32,
            "whatsapp_app_secret": SECRET,
            "whatsapp_verify_token": "verify me, ñ",
            "whatsapp_access_token": "access token",
            "whatsapp_base_url": provider.url,
        }
    )


@pytest.fixture
def ingest(settings: IngestSettings) -> Ingest:
    """Starts the service; leaving the block stops it as SIGTERM does."""

    @asynccontextmanager
    async def start() -> AsyncIterator[httpx.AsyncClient]:
        await apply(settings.kafka_bootstrap)
        app = create_app(settings)
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://ingest") as client:
                async with asyncio.timeout(30):
                    while (await client.get("/health/ready")).status_code != 200:
                        await asyncio.sleep(0.05)
                yield client

    return start
