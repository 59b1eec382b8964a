"""Puts billing together: the meter, the read model made of what it publishes, and the HTTP surface."""

from functools import partial
from pathlib import Path

from fastapi import FastAPI

from billing.accounting import Accountant
from billing.allotments import Allotments
from billing.api.accounting import accounting_routes
from billing.api.budget import budget_routes
from billing.api.exports import export_routes
from billing.api.forecast import forecast_routes
from billing.api.ledger import ledger_routes
from billing.api.meter import meter_routes
from billing.api.page import surroundings_routes
from billing.api.statement import statement_routes
from billing.api.usage import usage_routes
from billing.closer import Closer
from billing.forecasts import Forecasts
from billing.handlers import METER_INPUTS, METERS, consume
from billing.plans.budget import Budget
from billing.plans.loader import load_finances, load_terms
from billing.plans.models import Plan
from billing.plans.terms import Terms
from billing.settings import BillingSettings
from billing.store import Ledger, Meters, Places, Sessions, Statements
from billing.sweeper import Sweeper
from ventanilla.clock import utc_now
from ventanilla.institution import load_institution
from ventanilla.page import SecurityHeaders, page_routes
from ventanilla.service import Runtime, service_app
from ventanilla.settings import load_settings

_STATIC = Path(__file__).parent / "static"


def create_app(settings: BillingSettings | None = None) -> FastAPI:
    """The application; it connects when it starts. Without `settings` they come from the environment.

    Reads the contract's plan and the budget: raises `ConfigError`.
    """
    settings = settings or load_settings(BillingSettings)
    terms = load_terms(settings.config, load_institution(settings.config))
    app = service_app(
        "billing",
        settings,
        partial(_wire, terms=terms, finances=load_finances(settings.config, terms)),
        title="Ventanilla billing",
        description="Meters 24-hour sessions against the month's allotment.",
    )
    app.add_middleware(SecurityHeaders)
    return app


async def _wire(
    app: FastAPI, runtime: Runtime[BillingSettings], *, terms: Terms, finances: tuple[Budget, Plan] | None
) -> None:
    institution = runtime.institution
    sessions, places = Sessions(runtime.store, institution.zone), Places(runtime.store, institution.zone)
    await sessions.prepare()
    ledger, meters, statements = Ledger(runtime.store), Meters(runtime.store), Statements(runtime.store)
    for part in (places, ledger, meters):
        await part.prepare()
    forecasts = Forecasts(institution, terms, sessions, utc_now)
    allotments = Allotments(institution, terms, sessions, runtime.stream.publish_once)
    consume(runtime.stream, institution, sessions, places, ledger, on_sessions=allotments.wake)
    runtime.background("allotments", allotments.watch)
    runtime.background("sweeper", Sweeper(meters, runtime.stream).run)
    accountant = Accountant(runtime.stream, meters, METERS)
    await accountant.prepare()
    runtime.background("accountant", accountant.watch)
    closer = Closer(
        institution, terms, runtime.stream, sessions, ledger, statements, meters=(METERS, METER_INPUTS)
    )
    runtime.background("closer", closer.run)
    app.include_router(
        meter_routes(
            token_key=runtime.settings.token_key.get_secret_value(),
            contact_key=runtime.settings.contact_key.get_secret_value().encode(),
            institution=institution,
            terms=terms,
            sessions=sessions,
            forecasts=forecasts,
        )
    )
    app.include_router(
        forecast_routes(
            token_key=runtime.settings.token_key.get_secret_value(),
            institution=institution,
            terms=terms,
            forecasts=forecasts,
        )
    )
    app.include_router(
        budget_routes(
            token_key=runtime.settings.token_key.get_secret_value(),
            institution=institution,
            sessions=sessions,
            forecasts=forecasts,
            finances=finances,
        )
    )
    app.include_router(
        usage_routes(
            token_key=runtime.settings.token_key.get_secret_value(),
            institution=institution,
            terms=terms,
            sessions=sessions,
        )
    )
    app.include_router(
        ledger_routes(
            token_key=runtime.settings.token_key.get_secret_value(),
            contact_key=runtime.settings.contact_key.get_secret_value().encode(),
            institution=institution,
            sessions=sessions,
            ledger=ledger,
        )
    )
    app.include_router(
        surroundings_routes(
            token_key=runtime.settings.token_key.get_secret_value(),
            institution=institution,
            terms=terms,
            sessions=sessions,
            desk_url=runtime.settings.desk_url,
        )
    )
    app.include_router(page_routes(_STATIC))
    app.include_router(
        export_routes(
            token_key=runtime.settings.token_key.get_secret_value(),
            sessions=sessions,
        )
    )
    app.include_router(
        accounting_routes(token_key=runtime.settings.token_key.get_secret_value(), accountant=accountant)
    )
    app.include_router(
        statement_routes(
            token_key=runtime.settings.token_key.get_secret_value(),
            institution=institution,
            terms=terms,
            sessions=sessions,
            ledger=ledger,
            statements=statements,
        )
    )
