"""`/webhooks/whatsapp`: Meta's verification challenge, and its signed notifications.

200 is said only when Kafka has everything that the body brought, what had to be refused included. 401, 400
and 413 say what is wrong with the request; 503 asks Meta to send it again.
"""

from collections.abc import Collection
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ingest import metrics
from ingest.channels.whatsapp.intake import Intake
from ingest.channels.whatsapp.parse import NotAWebhookError, parse
from ingest.channels.whatsapp.signature import same_secret, signed_by
from ventanilla.clock import utc_now
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
    "unavailable": 503,
}
_RETRY_AFTER_SECONDS = "5"
_OK = b'{"status":"accepted"}'


class _TooLargeError(Exception):
    """The body is larger than `MAX_BODY`."""


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


def notification_route(app_secret: bytes, accounts: Collection[str], intake: Intake) -> Route:
    """`accounts` are the institution's phone number ids.

    A plain route: on this path the framework's own work on a request costs as much as ours.
    """
    counters = {outcome: metrics.WEBHOOKS.labels(outcome) for outcome in _OUTCOMES}

    def refuse(outcome: str, detail: str, headers: dict[str, str] | None = None) -> Response:
        counters[outcome].inc()
        body = {"reason": outcome, "detail": detail}
        return JSONResponse(body, status_code=_OUTCOMES[outcome], headers=headers)

    async def receive(request: Request) -> Response:
        request.scope["route"] = route  # for the figures by route
        try:
            body = await _read(request)
        except _TooLargeError:
            return refuse("too_large", f"The body is larger than {MAX_BODY} bytes")
        except ClientDisconnect:
            return refuse("disconnected", "The request ended early")
        if not signed_by(app_secret, body, _header(request, b"x-hub-signature-256")):
            return refuse("bad_signature", "X-Hub-Signature-256 is missing or wrong")
        try:
            drafts = parse(body, accounts)
        except NotAWebhookError as error:
            return refuse("bad_body", str(error))
        try:
            await intake.take(drafts, utc_now())
        except (StoreError, StreamUnavailableError) as error:
            log.warning("webhook_not_kept", error=type(error).__name__)
            return refuse("unavailable", "Not kept; send it again", {"Retry-After": _RETRY_AFTER_SECONDS})
        counters["accepted"].inc()
        return Response(_OK, media_type="application/json")

    route = Route(PATH, receive, methods=["POST"])
    return route


def _header(request: Request, name: bytes) -> bytes | None:
    return next((value for key, value in request.scope["headers"] if key == name), None)


async def _read(request: Request) -> bytes:
    length = _header(request, b"content-length") or b""
    if length.isdigit() and int(length) > MAX_BODY:
        raise _TooLargeError
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise _TooLargeError
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
