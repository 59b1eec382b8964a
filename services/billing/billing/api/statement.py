"""A month's statement over HTTP: what is billed, for good, and apart from it what is known by now."""

from collections.abc import Iterable

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel

from billing.allotments import live_accounts
from billing.api.asking import Month
from billing.domain.closing import closes_at
from billing.domain.statement import Before, adjusted, cost, usage_of
from billing.plans.terms import Terms
from billing.store import Ledger, Sessions, Statements
from billing.store.lines import account_lines
from ventanilla.access import Role, require
from ventanilla.clock import utc_now
from ventanilla.contracts.billing import StatementAdjustment, StatementClosed, StatementLine
from ventanilla.contracts.channel import Channel
from ventanilla.institution import Institution


class AccountStatement(BaseModel):
    channel: str
    account: str
    sessions: int
    messages: int
    digest: str
    """SHA-256; docs/metering.md says of which text."""


class Adjustment(BaseModel):
    """What came for a month after it was closed, on one account."""

    channel: str
    account: str
    month: str
    messages: int
    sessions_at_least: int
    sessions_at_most: int


class Billed(BaseModel):
    """The statement as it was frozen and published on `billing.statement.v1`."""

    closed_at: AwareDatetime
    plan: str
    prices_of: str
    currency: str
    cost: str
    """Of the month's own sessions."""
    accounts: list[AccountStatement]
    adjustments: list[Adjustment]
    """To earlier months, of what came since the close before: they are paid with this statement."""
    adjustments_cost_at_least: str
    adjustments_cost_at_most: str


class Restated(BaseModel):
    """The month by all that is known now. What was billed is not edited by it."""

    sessions_at_least: int
    sessions_at_most: int
    cost_at_least: str
    cost_at_most: str
    adjustments: list[Adjustment]
    """To this month; each stands in the statement of the month that closed next."""


class Statement(BaseModel):
    month: str
    closes_at: AwareDatetime
    settled: bool
    """Whether that time has passed: then a late status makes an adjustment and changes no line."""
    closed: bool
    """Whether it was frozen, which takes some minutes more."""
    accounts: list[AccountStatement]
    """The ledger as it is now, rehearsals too."""
    agrees: bool | None
    """Whether that is still what was billed; null while the month is open."""
    billed: Billed | None
    restated: Restated


def statement_routes(
    *,
    token_key: str,
    institution: Institution,
    terms: Terms,
    sessions: Sessions,
    ledger: Ledger,
    statements: Statements,
) -> APIRouter:
    """The route; it needs the role supervisor, finance or admin."""
    router = APIRouter(
        prefix="/v1",
        tags=["statement"],
        dependencies=[Depends(require(token_key, Role.SUPERVISOR, Role.FINANCE, Role.ADMIN))],
    )
    live = [account for channel in Channel for account in live_accounts(institution, channel)]

    @router.get("/statement", summary="What is billed for a month, and what is known of it by now")
    async def of_month(month: Month) -> Statement:
        lines = await account_lines(sessions, month)
        ours = [one for one in lines if one.account in live]
        frozen = await statements.of(month)
        closing = closes_at(month, institution.zone, institution.metering.settling)
        return Statement(
            month=month,
            closes_at=closing,
            settled=utc_now() >= closing,
            closed=frozen is not None,
            accounts=_accounts(lines),
            agrees=None if frozen is None else frozen.lines == ours,
            billed=None if frozen is None else _billed(frozen),
            restated=_restated(
                month,
                ours if frozen is None else frozen.lines,
                await ledger.adjustments(live, month=month),
                terms,
            ),
        )

    return router


def _accounts(lines: Iterable[StatementLine]) -> list[AccountStatement]:
    return [AccountStatement.model_validate(one.model_dump()) for one in lines]


def _adjustments(found: Iterable[StatementAdjustment]) -> list[Adjustment]:
    return [Adjustment.model_validate(one.model_dump()) for one in found]


def _billed(frozen: StatementClosed) -> Billed:
    return Billed(
        closed_at=frozen.closed_at,
        plan=frozen.plan,
        prices_of=frozen.prices_of,
        currency=frozen.currency,
        cost=str(frozen.cost),
        accounts=_accounts(frozen.lines),
        adjustments=_adjustments(frozen.adjustments),
        adjustments_cost_at_least=str(frozen.adjustments_cost_at_least),
        adjustments_cost_at_most=str(frozen.adjustments_cost_at_most),
    )


def _restated(
    month: str, lines: list[StatementLine], adjustments: list[StatementAdjustment], terms: Terms
) -> Restated:
    billed = usage_of(lines)
    by_now = adjusted(Before(billed, billed), adjustments)
    return Restated(
        sessions_at_least=sum(one.quantity for one in by_now.least),
        sessions_at_most=sum(one.quantity for one in by_now.most),
        cost_at_least=str(cost(by_now.least, month, terms)),
        cost_at_most=str(cost(by_now.most, month, terms)),
        adjustments=_adjustments(adjustments),
    )
