"""`/events`: what happens on the phones, as it happens, over a WebSocket."""

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, WebSocket
from pydantic_core import to_json
from starlette.websockets import WebSocketDisconnect

from sandbox.api.inputs import Address
from sandbox.store.journal import Happening, Journal

_IDLE = 15.0  # seconds of quiet after which an empty list shows that we are still here


def events(journal: Journal) -> APIRouter:
    router = APIRouter()

    @router.websocket("/events")
    async def stream(
        socket: WebSocket,
        contact: Annotated[list[Address] | None, Query(max_length=50)] = None,
        account: str | None = None,
        kind: Annotated[list[str] | None, Query(max_length=10)] = None,
        after: Annotated[int | None, Query(ge=0)] = None,
    ) -> None:
        """Each message is a JSON list of happenings, each with its `number`, `kind`, `contact` and `account`.

        Of these phones, this account and these kinds (all when not given), after number `after`. A happening
        of kind `reset` says that some are gone: read the phones anew.
        """
        await socket.accept()
        start = journal.last if after is None else after
        sending = asyncio.create_task(_send(socket, journal, start, _wanted(contact, account, kind)))
        try:
            while True:
                await socket.receive_text()
        except (WebSocketDisconnect, KeyError):  # KeyError: bytes instead of text, which nobody has to send
            pass
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    return router


async def _send(socket: WebSocket, journal: Journal, after: int, wanted: Callable[[Happening], bool]) -> None:
    async for found in journal.watch(after, wanted, _IDLE):
        shown = [{"kind": "reset"}] if found is None else [_shown(happening) for happening in found]
        await socket.send_text(to_json(shown).decode())


def _shown(happening: Happening) -> dict[str, object]:
    return {
        **happening.data,
        "number": happening.number,
        "kind": happening.kind,
        "contact": happening.contact,
        "account": happening.account,
    }


def _wanted(
    contacts: list[str] | None, account: str | None, kinds: list[str] | None
) -> Callable[[Happening], bool]:
    def wanted(happening: Happening) -> bool:
        return (
            (contacts is None or happening.contact in contacts)
            and (account is None or happening.account == account)
            and (kinds is None or happening.kind in kinds)
        )

    return wanted
