"""What the finance page must know beside the figures."""

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from billing.plans.months import months_between
from billing.plans.terms import Terms
from billing.store import Sessions
from ventanilla.access import Role, require
from ventanilla.clock import utc_now
from ventanilla.contracts.channel import Channel
from ventanilla.institution import Institution


class ChannelItem(BaseModel):
    channel: Channel
    allotment: int | None = Field(description="Conversations that a month includes; null: unlimited.")


class InstitutionAnswer(BaseModel):
    name: str
    time_zone: str
    currency: str | None = Field(description="Of the contract's plan; null where there is none.")
    this_month: str
    months: list[str] = Field(description="From the first with a session to the current one.")
    channels: list[ChannelItem] = Field(description="Those with an allotment come first.")


class Before(BaseModel):
    """What anybody may know who opens the page."""

    name: str
    desk: str | None


def surroundings_routes(
    *, token_key: str, institution: Institution, terms: Terms, sessions: Sessions, desk_url: str | None
) -> APIRouter:
    """`/v1/institution` needs the role supervisor, finance or admin."""
    router = APIRouter(tags=["page"])

    @router.get("/page.json", include_in_schema=False)
    async def before() -> Before:
        return Before(name=institution.name, desk=desk_url)

    @router.get(
        "/v1/institution",
        summary="Whose figures these are, and which months there are",
        dependencies=[Depends(require(token_key, Role.SUPERVISOR, Role.FINANCE, Role.ADMIN))],
    )
    async def surroundings() -> InstitutionAnswer:
        this_month = f"{utc_now().astimezone(institution.zone):%Y-%m}"
        live = [one.id for one in institution.accounts if not one.replay]
        first = min(await sessions.first_month(live) or this_month, this_month)
        channels = [
            ChannelItem(channel=one, allotment=allotment.conversations if allotment else None)
            for one in sorted({account.channel for account in institution.accounts})
            for allotment in [terms.allotment(one)]
        ]
        return InstitutionAnswer(
            name=institution.name,
            time_zone=institution.time_zone,
            currency=terms.plan.currency if terms.plan else None,
            this_month=this_month,
            months=months_between(first, this_month),
            channels=sorted(channels, key=lambda one: one.allotment is None),
        )

    return router
