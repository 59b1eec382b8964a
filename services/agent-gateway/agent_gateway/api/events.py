"""`/v1/events`: one socket for each open desk. It pushes JSON frames; nothing is asked over it.

Frames, by `type`: `hello` (the viewer's presence), `conversation` (as in the list), `gone` (it left the
viewer's areas), `message`, `status`, `queues`, `resync` (read the lists again), `pong` (to any frame sent).
Close codes: 4401 the session has ended, 4403 not from this desk's page, or not of somebody who works at it.
"""

import asyncio
import json

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from agent_gateway import metrics
from agent_gateway.api.feed import Feed, Listener
from agent_gateway.api.gate import Gate, same_origin
from agent_gateway.api.problems import Problem
from agent_gateway.desk import Desk
from agent_gateway.domain.presence import HEARTBEAT
from agent_gateway.domain.viewer import Viewer
from ventanilla.clock import utc_now
from ventanilla.store import StoreError
from ventanilla.tasks import end

SESSION_ENDED = 4401
FOREIGN = 4403
UNSUPPORTED = 1003
"""A binary frame."""
TOO_BIG = 1009
TRY_LATER = 1013

_MAX_FRAME = 1024


class _EndedError(Exception):
    """The socket is to be closed with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


def event_routes(desk: Desk, gate: Gate, feed: Feed) -> APIRouter:
    routes = APIRouter()

    @routes.websocket("/v1/events")
    async def events(websocket: WebSocket) -> None:
        await websocket.accept()
        metrics.SOCKETS.inc()
        try:
            await _serve(desk, gate, feed, websocket)
        except _EndedError as ended:
            await websocket.close(ended.code)
        except StoreError:
            await websocket.close(TRY_LATER)
        except WebSocketDisconnect:
            pass
        finally:
            metrics.SOCKETS.dec()

    return routes


async def _serve(desk: Desk, gate: Gate, feed: Feed, websocket: WebSocket) -> None:
    viewer = await _admitted(gate, websocket)
    with feed.listening(viewer) as listener:
        presence = await desk.presences.arrive(viewer.id, utc_now())
        await websocket.send_json({"type": "hello", "presence": presence.value})
        tasks = [
            asyncio.create_task(run)
            for run in (
                _send(websocket, listener),
                _receive(websocket, listener),
                _watch(desk, gate, websocket, listener),
            )
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            errors = await end(tasks)
    for error in errors:
        raise error


async def _admitted(gate: Gate, websocket: WebSocket) -> Viewer:
    try:
        script = gate.script(websocket)
    except Problem:
        raise _EndedError(SESSION_ENDED) from None
    if script is not None:
        return script
    if not same_origin(websocket):
        raise _EndedError(FOREIGN)
    person = await gate.person(websocket, deed=False)
    if person is None:
        raise _EndedError(SESSION_ENDED)
    if not person.works_at_the_desk:
        raise _EndedError(FOREIGN)
    return person


async def _send(websocket: WebSocket, listener: Listener) -> None:
    while True:
        push = await listener.pushes.get()
        try:
            await websocket.send_text(json.dumps(push, ensure_ascii=False))
        except RuntimeError:  # the server's word for a connection that was closed a moment ago
            raise WebSocketDisconnect(1006) from None


async def _receive(websocket: WebSocket, listener: Listener) -> None:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1006))
        frame = message.get("text")
        if frame is None:
            raise _EndedError(UNSUPPORTED)
        if len(frame) > _MAX_FRAME:
            raise _EndedError(TOO_BIG)
        listener.push({"type": "pong"})


async def _watch(desk: Desk, gate: Gate, websocket: WebSocket, listener: Listener) -> None:
    """Somebody is there; and is he still who he was, with the same walls?"""
    while True:
        await asyncio.sleep(HEARTBEAT.total_seconds())
        listener.viewer = await _admitted(gate, websocket)
        await desk.presences.beat(listener.viewer.id, utc_now())
