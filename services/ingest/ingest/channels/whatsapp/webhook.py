"""`/webhooks/whatsapp`: Meta's verification challenge, and its signed notifications.

200 is said only when Kafka has everything that the body brought, what had to be refused included. 401, 400
and 413 say what is wrong with the request; 503 asks Meta to send it again. Who bears no signature, or comes
while too much is in hand (`ingest.gate`), is answered before his body is read.
"""

from collections.abc import Collection
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ingest import metrics
from ingest.channels.whatsapp.intake import Intake
from ingest.channels.whatsapp.parse import NotAWebhookError, parse
from ingest.channels.whatsapp.signature import digest_of, keyed, same_secret, signed_by
from ingest.gate import Gate, OverloadedError, Room
from ventanilla.clock import utc_now
from ventanilla.connections import Door
from ventanilla.observability import logger
from ventanilla.store import StoreError
from ventanilla.stream import StreamUnavailableError

log = logger(__name__)

PATH = "/webhooks/whatsapp"

MAX_BODY = 3 * 1024 * 1024
"""Bytes; Meta's own limit."""

_OUTCOMES = {
    "accepted": 200,
    "bad_body": 400,
    "disconnected": 400,
    "bad_signature": 401,
    "too_large": 413,
    "overloaded": 503,
    "unavailable": 503,
}
_RETRY_AFTER_SECONDS = "5"
_ACCEPTED = Response()
"""Without a body: Meta reads none, and it would be one more write to the connection."""


_OVERLOADED = b'{"reason":"overloaded","detail":"Too much at a time; send it again"}'
_TURNED_AWAY = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: %b\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n%b" % (_RETRY_AFTER_SECONDS.encode(), len(_OVERLOADED), _OVERLOADED)
)


class _RefusalError(Exception):
    """What a request is answered instead of 200, and counted as."""

    def __init__(self, outcome: str, detail: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self._detail = detail

    @property
    def answer(self) -> Response:
        status = _OUTCOMES[self.outcome]
        headers = {"Retry-After": _RETRY_AFTER_SECONDS} if status == 503 else None
        return JSONResponse({"reason": self.outcome, "detail": self._detail}, status, headers)


def challenge_route(verify_token: str) -> APIRouter:
    router = APIRouter(prefix=PATH, tags=["whatsapp"])

    @router.get("", response_class=PlainTextResponse, responses={403: {"description": "Wrong token"}})
    async def verify(
        mode: Annotated[str, Query(alias="hub.mode")] = "",
        token: Annotated[str, Query(alias="hub.verify_token")] = "",
        challenge: Annotated[str, Query(alias="hub.challenge")] = "",
    ) -> Response:
        """Meta's challenge when the webhook is subscribed: who knows the token gets it back.

        Notifications are posted to the same path, signed with the app secret in `X-Hub-Signature-256`.
        """
        if mode != "subscribe" or not same_secret(verify_token, token):
            return JSONResponse({"detail": "The mode or the verify token is wrong"}, status_code=403)
        return PlainTextResponse(challenge, headers={"X-Content-Type-Options": "nosniff"})

    return router


def door(gate: Gate) -> Door:
    """Turns notifications away while the gate is full, before they are so much as looked at."""
    turned_away = metrics.WEBHOOKS.labels("overloaded")

    def ask() -> bytes | None:
        try:
            gate.check()
        except OverloadedError:
            turned_away.inc()
            return _TURNED_AWAY
        return None

    return ask


def notifications(app_secret: bytes, accounts: Collection[str], intake: Intake, gate: Gate) -> ASGIApp:
    """Answers Meta's signed notifications. `accounts` are the institution's phone number ids.

    Plain ASGI: on this path a framework's own work on a request costs as much as ours.
    """
    key = keyed(app_secret)
    counters = {outcome: metrics.WEBHOOKS.labels(outcome) for outcome in _OUTCOMES}
    overloaded = Response(
        _OVERLOADED, 503, {"Retry-After": _RETRY_AFTER_SECONDS}, media_type="application/json"
    )

    async def take(headers: dict[bytes, bytes], receive: Receive, room: Room) -> None:
        gate.check()
        digest = digest_of(headers.get(b"x-hub-signature-256", b""))
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length) > MAX_BODY:
            raise _too_large()
        if digest is None:
            raise _bad_signature()
        body = await _read(receive, room)
        if not signed_by(key, body, digest):
            raise _bad_signature()
        with gate:
            drafts = parse(body, accounts)
            await intake.take(drafts, utc_now())

    async def receive_one(scope: Scope, receive: Receive, send: Send) -> None:
        room = gate.room()
        try:
            await take(dict(scope["headers"]), receive, room)
        except _RefusalError as refusal:
            answer: Response = refusal.answer
            counters[refusal.outcome].inc()
        except NotAWebhookError as error:
            counters["bad_body"].inc()
            answer = _RefusalError("bad_body", str(error)).answer
        except OverloadedError:
            counters["overloaded"].inc()
            answer = overloaded
        except (StoreError, StreamUnavailableError) as error:
            log.warning("webhook_not_kept", error=type(error).__name__)
            gate.failed()
            counters["unavailable"].inc()
            answer = _RefusalError("unavailable", "Not kept; send it again").answer
        else:
            gate.kept()
            counters["accepted"].inc()
            answer = _ACCEPTED
        finally:
            room.leave()
        await answer(scope, receive, send)

    return receive_one


def _bad_signature() -> _RefusalError:
    return _RefusalError("bad_signature", "X-Hub-Signature-256 is missing or wrong")


def _too_large() -> _RefusalError:
    return _RefusalError("too_large", f"The body is larger than {MAX_BODY} bytes")


async def _read(receive: Receive, room: Room) -> bytes:
    """The raw body. Raises `_RefusalError` as soon as it is known to be too large, and `OverloadedError`."""
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _RefusalError("disconnected", "The request ended early, or did not come whole in time")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY:
            raise _too_large()
        room.hold(size)
        chunks.append(chunk)
        more = message.get("more_body", False)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
