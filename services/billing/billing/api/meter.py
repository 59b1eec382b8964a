"""What the meter says, over HTTP, for finance and supervisors. Times in UTC, money as exact strings."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import AwareDatetime, BaseModel

from billing.allotments import live_accounts
from billing.api.asking import MONTH_PATTERN, cursor_after, place_of, pseudonyms
from billing.api.forecast import ForecastAnswer, forecast_answer
from billing.domain.balance import balance
from billing.forecasts import Forecasts
from billing.plans.models import Unit
from billing.plans.pricing import Used
from billing.plans.terms import Terms
from billing.store import Sessions
from ventanilla.access import Role, require
from ventanilla.clock import utc_now
from ventanilla.contracts.channel import Channel
from ventanilla.institution import Institution
from ventanilla.moments import read

Month = Annotated[
    str | None,
    Query(
        pattern=MONTH_PATTERN,
        description="YYYY-MM by the institution's calendar; without it the current month",
    ),
]


class SessionItem(BaseModel):
    """One 24-hour session, [opened_at, closes_at)."""

    account: str
    contact: str
    opened_at: AwareDatetime
    closes_at: AwareDatetime
    month: str
    messages: int


class SessionPage(BaseModel):
    items: list[SessionItem]
    next: str | None
    """Give it as `cursor` for the next page; null on the last."""


class BalanceAnswer(BaseModel):
    month: str
    allotment: int
    used: int
    left: int
    overage: int
    cost: str
    """The channel's part of what the month costs by the contract's plan."""
    currency: str | None
    plan: str | None
    """The price plan; null where the institution has none."""
    prices_of: str | None
    """The first month of the plan's prices that were taken."""
    assumed: list[str]
    """Why the cost is no fact, as far as it is none."""
    forecast: ForecastAnswer | None
    """Of the channel's month; null for one account alone."""


def meter_routes(
    *,
    token_key: str,
    contact_key: bytes,
    institution: Institution,
    terms: Terms,
    sessions: Sessions,
    forecasts: Forecasts,
) -> APIRouter:
    """The routes; every one needs the role supervisor, finance or admin."""
    router = APIRouter(
        prefix="/v1",
        tags=["meter"],
        dependencies=[Depends(require(token_key, Role.SUPERVISOR, Role.FINANCE, Role.ADMIN))],
    )

    def this_month() -> str:
        return f"{utc_now().astimezone(institution.zone):%Y-%m}"

    @router.get("/sessions", summary="Metered sessions of a month, in order of opening")
    async def list_sessions(
        month: Month = None,
        contact: Annotated[
            str | None, Query(max_length=128, description="The provider's id of a person, or our contact id")
        ] = None,
        account: Annotated[str | None, Query(max_length=64)] = None,
        cursor: Annotated[str | None, Query(max_length=256)] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    ) -> SessionPage:
        found = await sessions.page(
            month=month or this_month(),
            contacts=None
            if contact is None
            else await sessions.contacts(pseudonyms(contact, contact_key, institution)),
            accounts=None if account is None else [account],
            after=None if cursor is None else place_of(cursor),
            limit=limit + 1,
        )
        items = [
            SessionItem(
                account=one["account"],
                contact=one["contact_id"],
                opened_at=read(one["opened_at"]),
                closes_at=read(one["closes_at"]),
                month=one["month"],
                messages=one["messages"],
            )
            for one in found[:limit]
        ]
        last = found[limit - 1] if len(found) > limit else None
        return SessionPage(
            items=items, next=None if last is None else cursor_after((last["opened_at"], last["_id"]))
        )

    @router.get("/balance", summary="A month against its allotment")
    async def month_balance(
        month: Month = None,
        channel: Channel = Channel.WHATSAPP,
        account: Annotated[
            str | None, Query(max_length=64, description="One account alone, replay accounts included")
        ] = None,
    ) -> BalanceAnswer:
        if account is not None and institution.account(channel, account) is None:
            raise HTTPException(422, f"account: {channel} has no such account; see the institution's file")
        asked = month or this_month()
        accounts = live_accounts(institution, channel) if account is None else [account]
        usage = [Used(one, channel, Unit.SESSION, await sessions.count(asked, [one])) for one in accounts]
        state = balance(channel, asked, usage, terms)
        priced = state.priced
        return BalanceAnswer(
            month=state.month,
            allotment=state.allotment,
            used=state.used,
            left=state.left,
            overage=state.overage,
            cost=str(state.cost),
            currency=priced.currency if priced else None,
            plan=priced.plan if priced else None,
            prices_of=priced.prices_of if priced else None,
            assumed=priced.assumed if priced else [],
            forecast=forecast_answer(await forecasts.of(asked, channel), channel, terms)
            if account is None
            else None,
        )

    return router
