"""The queues that a viewer works in, and the institution as the desk needs it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from agent_gateway.api.gate import SCHEMES, Gate
from agent_gateway.api.problems import answers
from agent_gateway.api.views import now_of
from agent_gateway.desk import Desk
from agent_gateway.domain import walls
from agent_gateway.domain.viewer import Viewer
from agent_gateway.store.conversations import waiting
from ventanilla.clock import utc_now


class QueueView(BaseModel):
    id: str
    name: str
    area: str | None
    waiting: int
    oldest_wait_seconds: int | None = Field(description="Of the first in line; null when nobody waits.")
    open: bool = Field(description="Whether its office hours are now.")
    next_opening: datetime | None = Field(description="When it is closed: its next opening, in UTC.")


class QueuesView(BaseModel):
    items: list[QueueView]


class NamedQueue(BaseModel):
    id: str
    name: str
    open: bool


class InstitutionView(BaseModel):
    name: str
    time_zone: str
    queues: list[NamedQueue] = Field(description="All of them: a conversation may be passed on to any.")
    areas: dict[str, str]
    categories: dict[str, str]
    walls: dict[str, str] = Field(description="What an account's areas may name, with what it is called.")


async def queue_views(desk: Desk, queues: Sequence[str]) -> list[QueueView]:
    """As they are now. Two small queries for each queue."""
    return [await _queue_view(desk, name) for name in queues]


async def _queue_view(desk: Desk, name: str) -> QueueView:
    queue, now = desk.institution.queues[name], utc_now()
    count = await desk.conversations.count(waiting(None, name))
    oldest = None
    if count:
        first = await desk.conversations.page(waiting(None, name), "first_in_line", 1)
        for kept in first.items:
            since = kept.conversation.queued_at or kept.conversation.state_since
            oldest = max(0, int((now_of(desk, kept) - since).total_seconds()))
    is_open = desk.hours[name].is_open(now)
    return QueueView(
        id=name, name=queue.name, area=queue.area, waiting=count, oldest_wait_seconds=oldest, open=is_open,
        next_opening=None if is_open else desk.hours[name].next_opening(now),
    )  # fmt: skip


def queue_routes(desk: Desk, gate: Gate) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["queues"], dependencies=SCHEMES, responses=answers(401))
    institution = desk.institution

    @routes.get("/queues")
    async def queues(viewer: Annotated[Viewer, Depends(gate)]) -> QueuesView:
        """The queues of the viewer's areas."""
        return QueuesView(items=await queue_views(desk, walls.queues(viewer, institution)))

    @routes.get("/institution")
    async def about(_: Annotated[Viewer, Depends(gate)]) -> InstitutionView:
        """Names of what conversations refer to by id."""
        now = utc_now()
        areas = {key: area.short_name or area.name for key, area in institution.areas.items()}
        return InstitutionView(
            name=institution.name,
            time_zone=institution.time_zone,
            queues=[
                NamedQueue(id=key, name=queue.name, open=desk.hours[key].is_open(now))
                for key, queue in institution.queues.items()
            ],
            areas=areas,
            categories={key: category.name for key, category in institution.categories.items()},
            walls={key: areas.get(key) or institution.queues[key].name for key in walls.walls(institution)},
        )

    return routes
