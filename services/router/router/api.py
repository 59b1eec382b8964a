"""The router over HTTP: a conversation as it is, and which queues are open. Bearer tokens by role."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path
from pydantic import BaseModel

from router.domain.state import RouterState
from ventanilla.access import Principal, Role, require
from ventanilla.calendar import OfficeHours
from ventanilla.clock import utc_now
from ventanilla.contracts.conversation import Conversation
from ventanilla.institution import Institution
from ventanilla.stream import KeyedState


class ContactView(BaseModel):
    """A contact's conversation of now, or the last one. Times are in UTC."""

    conversation: Conversation
    due_at: datetime | None
    """When it changes hands or ends if nothing happens."""


class QueueView(BaseModel):
    """A queue, and when people attend it. Times are in UTC; None: not within the next 400 days."""

    id: str
    name: str
    area: str | None
    open: bool
    next_opening: datetime | None
    next_closing: datetime | None


class Queues(BaseModel):
    items: list[QueueView]


ContactId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Our pseudonym of the contact")]


def routes(key: str, institution: Institution, states: KeyedState[RouterState]) -> APIRouter:
    """`key` signs the tokens."""
    router = APIRouter(prefix="/v1")
    zone = institution.zone
    calendars = {name: OfficeHours(schedule, zone) for name, schedule in institution.schedules.items()}

    @router.get(
        "/conversations/{contact_id}",
        summary="A contact's conversation as it is now",
        responses={
            403: {"description": "The token's role or areas do not reach it"},
            404: {"description": "The contact never had a conversation"},
        },
    )
    async def conversation(
        contact_id: ContactId,
        caller: Annotated[Principal, Depends(require(key, Role.SUPERVISOR, Role.ADMIN))],
    ) -> ContactView:
        state = await states.read(contact_id)
        if state is None or state.conversation is None:
            raise HTTPException(404, "This contact has no conversation")
        if caller.areas and state.conversation.area not in caller.areas:
            raise HTTPException(403, "This conversation belongs to another area")
        return ContactView(conversation=state.conversation, due_at=state.due_at)

    @router.get("/queues", summary="Every queue: whether it is open, and when that changes")
    async def queues(
        _caller: Annotated[Principal, Depends(require(key, Role.AGENT, Role.SUPERVISOR, Role.ADMIN))],
    ) -> Queues:
        now = utc_now()
        return Queues(
            items=[
                QueueView(
                    id=name,
                    name=queue.name,
                    area=queue.area,
                    open=(hours := calendars[queue.schedule]).is_open(now),
                    next_opening=hours.next_opening(now),
                    next_closing=hours.next_closing(now),
                )
                for name, queue in institution.queues.items()
            ]
        )

    return router
