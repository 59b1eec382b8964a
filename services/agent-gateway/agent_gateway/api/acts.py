"""What agents ask for. The desk writes it down, tells the router, and waits for its word.

Of itself the desk refuses only what the router cannot know: more work than an agent may have, and free text
after WhatsApp's window. Every request has a key; a repeat of it, on any replica, gets the first one's answer.
"""

import asyncio
import time
from collections import defaultdict
from datetime import timedelta
from hashlib import sha256
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Header, Response
from pydantic import BaseModel, Field, StringConstraints

from agent_gateway import metrics
from agent_gateway.api.conversations import view_of
from agent_gateway.api.gate import SCHEMES, Gate, json_only
from agent_gateway.api.problems import Problem, answers
from agent_gateway.api.views import ConversationView, TemplateView, now_of, visible, window_closed
from agent_gateway.desk import Desk
from agent_gateway.domain.capacity import has_room
from agent_gateway.domain.viewer import Viewer
from agent_gateway.store.acts import Act as KeptAct
from agent_gateway.store.conversations import Kept, with_agent
from ventanilla.clock import utc_now
from ventanilla.contracts.channel import Template, TextOut
from ventanilla.contracts.conversation import Act, AgentActed, Close, Release, Reply, Take, Transfer
from ventanilla.contracts.event import derived_id
from ventanilla.stream import StreamUnavailableError

PATIENCE = timedelta(seconds=5)
"""So long a request waits for the router's word; then it answers 202."""

_POLL_SECONDS = 0.025

Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=8, max_length=200)]

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4096)]


class ReplyBody(BaseModel):
    """Exactly one of the two."""

    text: Words | None = None
    template: str | None = Field(None, description="The name of the account's template for a closed window.")


class TransferBody(BaseModel):
    queue: str
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)] | None = Field(
        None, description="For the colleague who gets it; the citizen does not see it."
    )


class CloseBody(BaseModel):
    reason: str = Field("resolved", pattern="^[a-z_]{1,40}$")


class ActView(BaseModel):
    act_id: str
    decided: bool = Field(description="False (with 202): the router has not spoken yet; look again.")
    conversation: ConversationView | None = Field(description="Null: it is behind a wall now.")


class Acting:
    """Carries acts to the router and back."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._taking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def found(self, viewer: Viewer, conversation_id: str) -> Kept:
        """Raises `Problem` 404."""
        kept = await visible(self._desk, viewer, conversation_id)
        if kept is None:
            raise Problem(404, "not_found")
        return kept

    async def perform(
        self, viewer: Viewer, kept: Kept, act: Act, key: str | None, response: Response
    ) -> ActView:
        """Raises `Problem`: 409 with the reason when it is refused, 503 when Kafka did not take it."""
        started = time.perf_counter()
        act_id = derived_id("act", kept.conversation.id, viewer.id, key or uuid4().hex)
        written = await self._write_down(viewer, kept, act, act_id)
        if written.done is None:
            await self._ask(viewer, kept, act, written)
            written = await self._word(written)
        outcome = {None: "undecided", True: "done", False: written.reason or "refused"}[written.done]
        metrics.ACTS.labels(act.kind, outcome).inc()
        if written.done is not None:
            metrics.ACT_SECONDS.observe(time.perf_counter() - started)
        return await self._answer(viewer, kept, written, response)

    async def _write_down(self, viewer: Viewer, kept: Kept, act: Act, act_id: str) -> KeptAct:
        fingerprint = sha256(act.model_dump_json().encode()).hexdigest()
        known = await self._desk.acts.get(act_id)
        if known is None and isinstance(act, Reply):
            self._allow_reply(kept, act)
        note = act.note if isinstance(act, Transfer) else None
        # One take of an agent after another: two at once would each see the other's and both give way.
        async with self._taking[viewer.id]:
            written = await self._desk.acts.request(
                act_id, agent_id=viewer.id, kind=act.kind, fingerprint=fingerprint, note=note, now=utc_now()
            )
            if written.fingerprint not in ("", fingerprint):
                raise Problem(422, "key_reused")
            if known is None and isinstance(act, Take) and not await self._room(viewer, act_id):
                await self._desk.acts.withdraw(act_id)
                raise Problem(409, "capacity", capacity=viewer.capacity)
        return written

    def _allow_reply(self, kept: Kept, act: Reply) -> None:
        if isinstance(act.content, TextOut) and window_closed(self._desk, kept):
            account = self._desk.institution.account(kept.conversation.channel, kept.conversation.account)
            template = account.window_template if account else None
            offer = TemplateView(**template.model_dump()).model_dump() if template else None
            raise Problem(409, "window_closed", template=offer)

    async def _room(self, viewer: Viewer, act_id: str) -> bool:
        with_me = await self._desk.conversations.count(with_agent(viewer.id))
        being_taken = await self._desk.acts.being_taken(viewer.id, utc_now(), besides=act_id)
        return has_room(viewer.capacity, with_me, being_taken)

    async def _ask(self, viewer: Viewer, kept: Kept, act: Act, written: KeptAct) -> None:
        event = AgentActed(
            id=written.id,
            occurred_at=now_of(self._desk, kept),
            contact_id=kept.conversation.contact_id,
            correlation_id=written.id,
            conversation_id=kept.conversation.id,
            agent_id=viewer.id,
            agent_name=viewer.name,
            act=act,
            takeover=viewer.may_take_over,
        )
        try:
            await self._desk.publish(event)
        except StreamUnavailableError:
            raise Problem(503, "unavailable", {"Retry-After": "2"}) from None

    async def _word(self, written: KeptAct) -> KeptAct:
        """Wait until the projection has the router's word, here or on another replica."""
        deadline = time.monotonic() + PATIENCE.total_seconds()
        while time.monotonic() < deadline:
            await self._desk.landings.wait(_POLL_SECONDS)
            found = await self._desk.acts.get(written.id)
            if found is not None and found.done is not None:
                return found
        return written

    async def _answer(self, viewer: Viewer, kept: Kept, written: KeptAct, response: Response) -> ActView:
        current = await visible(self._desk, viewer, kept.conversation.id)
        shown = None if current is None else await view_of(self._desk, viewer, current)
        if written.done is False:
            body = None if shown is None else shown.model_dump(mode="json")
            raise Problem(409, written.reason or "refused", conversation=body)
        if written.done is None:
            response.status_code = 202
        return ActView(act_id=written.id, decided=written.done is not None, conversation=shown)


def act_routes(desk: Desk, gate: Gate) -> APIRouter:
    routes = APIRouter(
        prefix="/v1/conversations/{conversation_id}",
        tags=["acts"],
        dependencies=[*SCHEMES, Depends(json_only)],
        responses=answers(401, 403, 404, 409, 503) | {202: {"model": ActView}},
    )
    acting = Acting(desk)
    Who = Annotated[Viewer, Depends(gate)]  # noqa: N806 - a type

    @routes.post("/take")
    async def take(conversation_id: str, viewer: Who, response: Response, key: Key = None) -> ActView:
        """Make it mine. A supervisor also takes from the bot and from other agents."""
        kept = await acting.found(viewer, conversation_id)
        return await acting.perform(viewer, kept, Take(), key, response)

    @routes.post("/reply", responses=answers(400, 422))
    async def reply(
        conversation_id: str, body: ReplyBody, viewer: Who, response: Response, key: Key = None
    ) -> ActView:
        """Answer the citizen. With the same `Idempotency-Key` it is sent once, however often it is asked."""
        kept = await acting.found(viewer, conversation_id)
        if key is None:
            raise Problem(400, "key_required")
        return await acting.perform(viewer, kept, Reply(content=_content(desk, kept, body)), key, response)

    @routes.post("/transfer", responses=answers(422))
    async def transfer(
        conversation_id: str, body: TransferBody, viewer: Who, response: Response, key: Key = None
    ) -> ActView:
        """Pass it on to another queue, of any area. It keeps its place by its first arrival."""
        kept = await acting.found(viewer, conversation_id)
        if body.queue not in desk.institution.queues:
            raise Problem(422, "unknown_queue")
        act = Transfer(queue=body.queue, note=body.note or None)
        return await acting.perform(viewer, kept, act, key, response)

    @routes.post("/release")
    async def release(conversation_id: str, viewer: Who, response: Response, key: Key = None) -> ActView:
        """Give it back to its queue."""
        kept = await acting.found(viewer, conversation_id)
        return await acting.perform(viewer, kept, Release(), key, response)

    @routes.post("/close")
    async def close(
        conversation_id: str, viewer: Who, response: Response, body: CloseBody | None = None, key: Key = None
    ) -> ActView:
        """End it."""
        kept = await acting.found(viewer, conversation_id)
        act = Close(reason=body.reason) if body else Close()
        return await acting.perform(viewer, kept, act, key, response)

    return routes


def _content(desk: Desk, kept: Kept, body: ReplyBody) -> TextOut | Template:
    """Raises `Problem` 422."""
    if body.template is not None and body.text is None:
        account = desk.institution.account(kept.conversation.channel, kept.conversation.account)
        template = account.window_template if account else None
        if template is None or template.name != body.template:
            raise Problem(422, "unknown_template")
        return Template(name=template.name, language=template.language)
    if body.text is None or body.template is not None:
        raise Problem(422, "text_or_template")
    return TextOut(text=body.text)
