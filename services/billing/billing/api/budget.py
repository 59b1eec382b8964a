"""The budget over HTTP, for finance and supervisors. Money as exact strings, in the budget's currency."""

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel

from billing.allotments import month_usage
from billing.domain.closing import first_open_month
from billing.forecasts import Forecasts
from billing.plans.budget import Budget, budget_state
from billing.plans.models import Plan
from billing.plans.months import months_between
from billing.store import Sessions
from ventanilla.access import Role, require
from ventanilla.clock import utc_now
from ventanilla.institution import Institution


class BudgetMonthItem(BaseModel):
    month: str
    state: str
    """closed (nothing edits it any more), settling (it has ended), current or coming."""
    sessions: int
    """Metered so far, on every channel."""
    spent: str
    committed: str
    forecast: str
    left: str
    """Of the whole amount, after this month and all before it."""


class BudgetAnswer(BaseModel):
    name: str
    source: str
    plan: str
    """The price plan that it pays for."""
    currency: str
    amount: str
    spent: str
    """What the closed months cost."""
    committed: str
    """What the other months cost at least: by contract, and by what was used so far."""
    left: str
    """Below zero when it is overspent."""
    forecast: str
    """What all months are expected to cost: this one by `/v1/forecast`, those to come as the closed ones."""
    forecast_left: str
    exceeded_in: str | None
    """The first month in which the forecast passes the amount; null when it never does."""
    months: list[BudgetMonthItem]


def budget_routes(
    *,
    token_key: str,
    institution: Institution,
    sessions: Sessions,
    forecasts: Forecasts,
    finances: tuple[Budget, Plan] | None,
) -> APIRouter:
    """The route; it needs the role supervisor, finance or admin. Without a budget it answers 404."""
    router = APIRouter(
        prefix="/v1",
        tags=["budget"],
        dependencies=[Depends(require(token_key, Role.SUPERVISOR, Role.FINANCE, Role.ADMIN))],
    )

    @router.get("/budget", summary="Spent, committed, left and forecast, month by month")
    async def month_by_month() -> BudgetAnswer:
        if finances is None:
            raise HTTPException(404, "no budget; put a budget.yaml beside the institution's file")
        budget, plan = finances
        span = months_between(budget.first_month, budget.last_month)
        usage = {month: await month_usage(institution, sessions, month) for month in span}
        this_month = f"{utc_now().astimezone(institution.zone):%Y-%m}"
        current = await forecasts.usage(this_month) if this_month in span else None
        open_from = first_open_month(utc_now(), institution.zone, institution.metering.settling)
        state = budget_state(budget, plan, usage, this_month, current=current, open_from=open_from)
        return BudgetAnswer(
            name=budget.name,
            source=budget.source,
            plan=plan.id,
            currency=budget.currency,
            amount=str(state.amount),
            spent=str(state.spent),
            committed=str(state.committed),
            left=str(state.left),
            forecast=str(state.forecast),
            forecast_left=str(state.forecast_left),
            exceeded_in=state.exceeded_in,
            months=[
                BudgetMonthItem(
                    month=one.month,
                    state=one.state.value,
                    sessions=sum(used.quantity for used in usage[one.month]),
                    spent=str(one.spent),
                    committed=str(one.committed),
                    forecast=str(one.forecast),
                    left=str(one.left),
                )
                for one in state.months
            ],
        )

    return router
