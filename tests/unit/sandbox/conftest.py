"""A sandbox in this process, and the webhook that it reports to on a real port."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from sandbox.app import create_app
from sandbox.settings import SandboxSettings
from support.webhook_receiver import WebhookReceiver, webhook_receiver

CONFIG = Path(__file__).parents[3] / "deploy" / "config" / "cnr.yaml"


@pytest.fixture
async def ingest() -> AsyncIterator[WebhookReceiver]:
    async with webhook_receiver("app-secret") as receiver:
        yield receiver


@pytest.fixture
async def sandbox(ingest: WebhookReceiver) -> AsyncIterator[httpx.AsyncClient]:
    settings = SandboxSettings(
        whatsapp_app_secret=SecretStr("app-secret"),
        whatsapp_access_token=SecretStr("token"),
        ingest_url=ingest.url,
        config=CONFIG,
        status_delay=0.01,
    )
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://sandbox",
            headers={"Authorization": "Bearer token"},
        ) as client,
    ):
        yield client
