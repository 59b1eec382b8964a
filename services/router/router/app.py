"""The router's application."""

from fastapi import FastAPI

from router.api import routes
from router.handlers import declare
from router.settings import RouterSettings
from router.store import Deadlines
from router.sweeper import Sweeper
from ventanilla.service import Runtime, service_app
from ventanilla.settings import load_settings


def create_app(settings: RouterSettings | None = None) -> FastAPI:
    """Owns the life of every conversation. Raises `ConfigError` when the institution's file is wrong."""
    settings = settings or load_settings(RouterSettings)
    return service_app(
        "router",
        settings,
        _wire,
        title="Ventanilla: router",
        description="Decides who answers: the bot or a queue of people, by area, hours and state.",
    )


async def _wire(app: FastAPI, runtime: Runtime[RouterSettings]) -> None:
    deadlines = Deadlines(runtime.store)
    await deadlines.prepare()
    states = declare(runtime.stream, runtime.institution)
    app.include_router(routes(runtime.settings.token_key.get_secret_value(), runtime.institution, states))
    runtime.background("sweeper", Sweeper(deadlines, runtime.stream).run)
