"""Who is at the desk."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from agent_gateway.api.gate import SCHEMES, Gate, json_only
from agent_gateway.api.problems import answers
from agent_gateway.desk import Desk
from agent_gateway.domain.presence import Presence
from agent_gateway.domain.viewer import Viewer
from agent_gateway.store.accounts import Account
from ventanilla.clock import utc_now


class ChosenPresence(BaseModel):
    state: Literal[Presence.AVAILABLE, Presence.BUSY, Presence.AWAY]


class ColleagueView(BaseModel):
    id: str
    name: str
    state: Presence


class PresenceView(BaseModel):
    state: Presence = Field(description="The caller's own.")
    colleagues: list[ColleagueView] = Field(description="For supervisors and admins: those of their areas.")


def presence_routes(desk: Desk, gate: Gate) -> APIRouter:
    routes = APIRouter(
        prefix="/v1/presence",
        tags=["presence"],
        dependencies=[*SCHEMES, Depends(json_only)],
        responses=answers(401),
    )

    @routes.get("")
    async def presence(viewer: Annotated[Viewer, Depends(gate)]) -> PresenceView:
        """The caller's own state, and for supervisors that of their people."""
        now = utc_now()
        colleagues = []
        if viewer.may_take_over:
            seen = await desk.presences.all(now)
            colleagues = [
                ColleagueView(
                    id=account.username,
                    name=account.display_name,
                    state=seen.get(account.username, Presence.OFFLINE),
                )
                for account in await desk.accounts.all()
                if _one_of_his(viewer, account)
            ]
        return PresenceView(state=await desk.presences.get(viewer.id, now), colleagues=colleagues)

    @routes.put("", responses=answers(403, 415))
    async def choose(chosen: ChosenPresence, viewer: Annotated[Viewer, Depends(gate)]) -> PresenceView:
        """Say so, and that somebody is there. It holds while the events socket is open, else 45 seconds."""
        await desk.presences.choose(viewer.id, chosen.state, utc_now())
        return await presence(viewer)

    return routes


def _one_of_his(viewer: Viewer, account: Account) -> bool:
    if account.disabled or account.username == viewer.id:
        return False
    return viewer.unlimited or bool(viewer.areas & account.areas)
