"""Where a month will end, over HTTP, for finance and supervisors."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from billing.domain.forecast import LEVEL, Forecast, Kind
from billing.forecasts import Forecasts
from billing.plans.models import Unit
from billing.plans.pricing import Used
from billing.plans.terms import Terms
from ventanilla.access import Role, require
from ventanilla.clock import utc_now
from ventanilla.contracts.channel import Channel
from ventanilla.institution import Institution


class Days(BaseModel):
    """The days of one kind: working days of the default queue, or the others."""

    sampled: int = Field(description="Completed days that the forecast rests on")
    mean: str | None = Field(description="Sessions a day in those, one decimal")
    to_come: int = Field(description="Whole days of this kind that the month still has")


class PointItem(BaseModel):
    """The month's sessions by the end of one day."""

    day: date
    used: int | None = Field(description="Counted so far; null for a day to come")
    expected: int
    low: int | None
    high: int | None


class ForecastAnswer(BaseModel):
    """`expected` is null when nothing is known yet, `low` and `high` when too few days are."""

    month: str
    channel: Channel
    used: int
    expected: int | None
    low: int | None
    high: int | None
    level: str = Field(description="Of the interval from `low` to `high`: 0.90 is nine of ten")
    method: str
    month_before: bool = Field(description="Too few days of this month: those of the month before were taken")
    working: Days
    other: Days
    allotment: int | None = Field(description="Null: unlimited")
    exhausted_on: date | None = Field(
        description="The day on which the allotment is used up; null: not in it"
    )
    exhausted_earliest: date | None
    exhausted_latest: date | None
    currency: str | None
    cost_expected: str | None = Field(description="The channel's part of the month's cost by the plan, then")
    cost_low: str | None
    cost_high: str | None


class ForecastCurve(ForecastAnswer):
    days: list[PointItem] = Field(description="Every day of the month, as far as something can be said of it")


METHOD = (
    "Working days and others apart, each at the mean of its completed days; today has what it has and the "
    "part of a day that usually follows. Prediction interval by Student's t, days taken as independent."
)


def forecast_routes(
    *, token_key: str, institution: Institution, terms: Terms, forecasts: Forecasts
) -> APIRouter:
    """The route; it needs the role supervisor, finance or admin. Rehearsals are left out."""
    router = APIRouter(
        prefix="/v1",
        tags=["forecast"],
        dependencies=[Depends(require(token_key, Role.SUPERVISOR, Role.FINANCE, Role.ADMIN))],
    )

    @router.get("/forecast", summary="Where a month will end, day by day, with an interval")
    async def month_forecast(
        month: Annotated[
            str | None,
            Query(
                pattern=r"^(19|2[0-9])[0-9]{2}-(0[1-9]|1[0-2])$",
                description="YYYY-MM by the institution's calendar; without it the current month",
            ),
        ] = None,
        channel: Channel = Channel.WHATSAPP,
    ) -> ForecastCurve:
        asked = month or f"{utc_now().astimezone(institution.zone):%Y-%m}"
        found = await forecasts.of(asked, channel)
        return ForecastCurve(
            **forecast_answer(found, channel, terms).model_dump(),
            days=[
                PointItem(day=one.day, used=one.used, expected=one.expected, low=one.low, high=one.high)
                for one in found.points
            ],
        )

    return router


def forecast_answer(found: Forecast, channel: Channel, terms: Terms) -> ForecastAnswer:
    """Without the days."""
    allotment = terms.allotment(channel)

    def cost(sessions: int | None) -> str | None:
        if sessions is None or terms.plan is None:
            return None
        usage = [Used("", channel, Unit.SESSION, sessions)]
        return str(terms.channel_cost(terms.cost(found.month, usage), channel))

    return ForecastAnswer(
        month=found.month,
        channel=channel,
        used=found.used,
        expected=found.expected,
        low=found.low,
        high=found.high,
        level=str(LEVEL),
        method=METHOD,
        month_before=found.month_before,
        working=_days(found.working),
        other=_days(found.other),
        allotment=allotment.conversations if allotment else None,
        exhausted_on=found.exhaustion.expected,
        exhausted_earliest=found.exhaustion.earliest,
        exhausted_latest=found.exhaustion.latest,
        currency=terms.plan.currency if terms.plan else None,
        cost_expected=cost(found.expected),
        cost_low=cost(found.low),
        cost_high=cost(found.high),
    )


def _days(kind: Kind) -> Days:
    mean = None if kind.mean is None else f"{kind.mean:.1f}"
    return Days(sampled=kind.days, mean=mean, to_come=kind.to_come)
