"""Lists of conversations, and one with its transcript."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from agent_gateway.api.gate import SCHEMES, Gate, json_only
from agent_gateway.api.problems import Problem, answers
from agent_gateway.api.views import (
    ConversationView,
    MessageView,
    conversation_view,
    message_view,
    note_names,
    surroundings,
    visible,
)
from agent_gateway.desk import Desk
from agent_gateway.domain import walls
from agent_gateway.domain.viewer import Viewer
from agent_gateway.store.conversations import Kept, Order, everything, waiting, with_agent
from ventanilla.clock import utc_now
from ventanilla.store import Document


class ConversationsView(BaseModel):
    items: list[ConversationView]
    next: str | None = Field(description="Give it as `after` for what follows.")


class TranscriptView(BaseModel):
    conversation: ConversationView
    messages: list[MessageView] = Field(description="The latest, oldest first.")
    earlier: str | None = Field(description="Give it as `before` for what stands above; null: nothing does.")


class ReadUntil(BaseModel):
    until: AwareDatetime = Field(description="`stored_at` of the last message that was seen.")


async def view_of(desk: Desk, viewer: Viewer, kept: Kept) -> ConversationView:
    return conversation_view(desk, viewer, kept, await surroundings(desk, [kept]))


def conversation_routes(desk: Desk, gate: Gate) -> APIRouter:
    routes = APIRouter(
        prefix="/v1/conversations",
        tags=["conversations"],
        dependencies=[*SCHEMES, Depends(json_only)],
        responses=answers(401),
    )
    institution = desk.institution

    @routes.get("", responses=answers(400))
    async def conversations(
        viewer: Annotated[Viewer, Depends(gate)],
        view: Literal["mine", "waiting", "all"] = "mine",
        queue: str | None = None,
        after: str | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> ConversationsView:
        """`waiting` in the order of arrival; `mine` and `all` by the last word. Only what the walls allow."""
        places = walls.places(viewer, institution)
        order: Order = "first_in_line" if view == "waiting" else "latest"
        query: Document
        if view == "mine":
            query = with_agent(viewer.id) | everything(places, queue)
        else:
            query = waiting(places, queue) if view == "waiting" else everything(places, queue)
        try:
            page = await desk.conversations.page(query, order, limit, after)
        except (ValueError, OverflowError):
            raise Problem(400, "bad_cursor") from None
        around = await surroundings(desk, page.items)
        items = [conversation_view(desk, viewer, kept, around) for kept in page.items]
        return ConversationsView(items=items, next=page.next)

    @routes.get("/{conversation_id}", responses=answers(404))
    async def conversation(
        conversation_id: str,
        viewer: Annotated[Viewer, Depends(gate)],
        before: str | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 60,
    ) -> TranscriptView:
        """With the last page of its transcript, or the page before a place in it."""
        kept = await visible(desk, viewer, conversation_id)
        if kept is None:
            raise Problem(404, "not_found")
        lines = await desk.messages.page(conversation_id, limit + 1, before)
        more, lines = len(lines) > limit, lines[-limit:]
        statuses = await desk.messages.statuses_of(
            [one.line.id for one in lines if one.line.direction == "out"]
        )
        names = await note_names(desk, lines)
        return TranscriptView(
            conversation=await view_of(desk, viewer, kept),
            messages=[message_view(one, statuses.get(one.line.id, []), names) for one in lines],
            earlier=lines[0].sort if more else None,
        )

    @routes.put("/{conversation_id}/read", status_code=204, responses=answers(403, 404))
    async def read(conversation_id: str, seen: ReadUntil, viewer: Annotated[Viewer, Depends(gate)]) -> None:
        """The agent who has it has seen its messages until then. From others it changes nothing."""
        kept = await visible(desk, viewer, conversation_id)
        if kept is None:
            raise Problem(404, "not_found")
        now: datetime = utc_now()
        if kept.conversation.agent_id == viewer.id:
            await desk.conversations.mark_read(conversation_id, min(seen.until, now), now)
            desk.landings.announce()

    return routes
