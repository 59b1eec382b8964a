"""Hands a signed-in account over to the finance page, which knows no accounts of its own."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from agent_gateway.api.gate import Gate, json_only
from agent_gateway.api.problems import Problem, answers
from agent_gateway.desk import Desk
from agent_gateway.domain.viewer import Viewer
from ventanilla.access import Role, issue_token
from ventanilla.observability import logger

log = logger(__name__)

VALID = timedelta(minutes=30)
"""A page that was left open shows nothing new after that; coming back costs one click at the desk."""


class HandOver(BaseModel):
    url: str = Field(
        description="The finance page, with a token in the fragment, which browsers send to no server. For "
        "the browser to go to at once, and to be kept nowhere."
    )


def finance_routes(desk: Desk, gate: Gate, page: str | None) -> APIRouter:
    """`page`: where the finance page is. Nobody who calls chooses where a token goes."""
    routes = APIRouter(prefix="/v1/session", tags=["session"], dependencies=[Depends(json_only)])

    @routes.post("/finance", responses=answers(401, 403, 404))
    async def hand_over(viewer: Annotated[Viewer, Depends(gate.in_person)]) -> HandOver:
        """For supervisors, finance and administrators: a token for 30 minutes, for the finance page."""
        if not viewer.may_read_finances:
            raise Problem(403, "forbidden")
        if page is None:
            raise Problem(404, "no_finance_page")
        token = issue_token(desk.token_key, viewer.id, Role.FINANCE, viewer.areas, VALID)
        log.info("finance_opened", username=viewer.id)
        return HandOver(url=f"{page}#token={token}")

    return routes
