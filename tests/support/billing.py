"""A running billing, for tests."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from shutil import copytree

import httpx
from pydantic import SecretStr

from billing.app import create_app
from billing.settings import BillingSettings
from support.engines import RunningEngines
from ventanilla.access import Role, issue_token

CONTACT_KEY = "c" * 32
TOKEN_KEY = "t" * 32
CONFIG = Path("deploy/config/cnr.yaml")


def own_config(folder: Path, *changes: tuple[str, str]) -> Path:
    """The case's file with these texts changed, and its plans beside it."""
    text = CONFIG.read_text(encoding="utf-8")
    for was, becomes in changes:
        assert was in text
        text = text.replace(was, becomes)
    folder.mkdir(parents=True, exist_ok=True)
    copytree(CONFIG.parent / "plans", folder / "plans", dirs_exist_ok=True)
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return path


Billing = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
"""Starts billing on these engines, by default with the case's file; gives a client with a finance token."""


def billing_on(database: str) -> Billing:
    """Leaving the block stops the service as SIGTERM does; starting it again finds what it kept."""

    @asynccontextmanager
    async def start(
        engines: RunningEngines, config: Path = CONFIG, *, instance: str | None = None
    ) -> AsyncIterator[httpx.AsyncClient]:
        app = create_app(
            BillingSettings(
                kafka_bootstrap=engines.kafka,
                mongo_url=engines.mongo,
                mongo_database=database,
                config=config,
                instance=instance,
                contact_key=SecretStr(CONTACT_KEY),
                token_key=SecretStr(TOKEN_KEY),
            )
        )
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url="http://billing",
                headers={"Authorization": f"Bearer {issue_token(TOKEN_KEY, 'ana', Role.FINANCE)}"},
            ) as client,
        ):
            async with asyncio.timeout(30):
                while (await client.get("/health/ready")).status_code != 200:
                    await asyncio.sleep(0.05)
            yield client

    return start
