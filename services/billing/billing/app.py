"""Puts billing together: the meter, the read model made of what it publishes, and the HTTP surface."""

from fastapi import FastAPI

from billing.allotments import Allotments
from billing.api import meter_routes
from billing.handlers import consume
from billing.settings import BillingSettings
from billing.store import Sessions
from ventanilla.service import Runtime, service_app
from ventanilla.settings import load_settings


def create_app(settings: BillingSettings | None = None) -> FastAPI:
    """The application; it connects when it starts. Without `settings` they come from the environment."""
    return service_app(
        "billing",
        settings or load_settings(BillingSettings),
        _wire,
        title="Ventanilla billing",
        description="Meters 24-hour sessions against the month's allotment.",
    )


async def _wire(app: FastAPI, runtime: Runtime[BillingSettings]) -> None:
    institution = runtime.institution
    sessions = Sessions(runtime.store)
    await sessions.prepare()
    allotments = Allotments(institution, sessions, runtime.stream.publish)
    consume(runtime.stream, institution, sessions, on_sessions=allotments.wake)
    runtime.background("allotments", allotments.watch)
    app.include_router(
        meter_routes(
            token_key=runtime.settings.token_key.get_secret_value(),
            contact_key=runtime.settings.contact_key.get_secret_value().encode(),
            institution=institution,
            sessions=sessions,
        )
    )
