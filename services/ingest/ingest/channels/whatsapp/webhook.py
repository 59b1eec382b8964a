"""`/webhooks/whatsapp`: Meta's verification challenge, and its signed notifications.

200 is said only when Kafka has everything that the body brought, what had to be refused included. 401, 400
and 413 say what is wrong with the request; 503 asks Meta to send it again.
"""

from collections.abc import Collection
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import Counter as PrometheusCounter
from starlette.requests import ClientDisconnect

from ingest import metrics
from ingest.channels.whatsapp.intake import Intake
from ingest.channels.whatsapp.parse import NotAWebhookError, parse
from ingest.channels.whatsapp.signature import same_secret, signed_by
from ventanilla.clock import utc_now
from ventanilla.observability import logger
from ventanilla.store import StoreError
from ventanilla.stream import StreamUnavailableError

log = logger(__name__)

MAX_BODY = 3 * 1024 * 1024
"""Bytes; Meta's own limit."""

_RETRY_AFTER_SECONDS = "5"
_OK = b'{"status":"accepted"}'


class _TooLargeError(Exception):
    """The body is larger than `MAX_BODY`."""


def webhook_routes(
    *, app_secret: bytes, verify_token: str, accounts: Collection[str], intake: Intake
) -> APIRouter:
    """`accounts` are the institution's phone number ids."""
    router = APIRouter(prefix="/webhooks/whatsapp", tags=["whatsapp"])
    outcomes = _Outcomes()

    @router.get("", response_class=PlainTextResponse, responses={403: {"description": "Wrong token"}})
    async def verify(
        mode: Annotated[str, Query(alias="hub.mode")] = "",
        token: Annotated[str, Query(alias="hub.verify_token")] = "",
        challenge: Annotated[str, Query(alias="hub.challenge")] = "",
    ) -> Response:
        """Meta's challenge when the webhook is subscribed: who knows the token gets it back."""
        if mode != "subscribe" or not same_secret(verify_token, token):
            return JSONResponse({"detail": "The mode or the verify token is wrong"}, status_code=403)
        return PlainTextResponse(challenge, headers={"X-Content-Type-Options": "nosniff"})

    @router.post("", responses=_ANSWERS)
    async def receive(request: Request) -> Response:
        """A notification, signed with the app secret in `X-Hub-Signature-256`."""
        try:
            body = await _read(request)
        except _TooLargeError:
            return outcomes.refuse(413, "too_large", f"The body is larger than {MAX_BODY} bytes")
        except ClientDisconnect:
            return outcomes.refuse(400, "disconnected", "The request ended early")
        header = request.headers.get("x-hub-signature-256")
        if not signed_by(app_secret, body, None if header is None else header.encode("latin-1")):
            return outcomes.refuse(401, "bad_signature", "X-Hub-Signature-256 is missing or wrong")
        try:
            drafts = parse(body, accounts)
        except NotAWebhookError as error:
            return outcomes.refuse(400, "bad_body", str(error))
        try:
            await intake.take(drafts, utc_now())
        except (StoreError, StreamUnavailableError) as error:
            log.warning("webhook_not_kept", error=type(error).__name__)
            return outcomes.refuse(
                503, "unavailable", "Not kept; send it again", {"Retry-After": _RETRY_AFTER_SECONDS}
            )
        outcomes.count("accepted")
        return Response(_OK, media_type="application/json")

    return router


async def _read(request: Request) -> bytes:
    length = request.headers.get("content-length", "")
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


class _Outcomes:
    def __init__(self) -> None:
        names = ("accepted", "too_large", "disconnected", "bad_signature", "bad_body", "unavailable")
        self._counters: dict[str, PrometheusCounter] = {name: metrics.WEBHOOKS.labels(name) for name in names}

    def count(self, outcome: str) -> None:
        self._counters[outcome].inc()

    def refuse(
        self, status: int, outcome: str, detail: str, headers: dict[str, str] | None = None
    ) -> Response:
        self.count(outcome)
        return JSONResponse({"reason": outcome, "detail": detail}, status_code=status, headers=headers)


_ANSWERS: dict[int | str, dict[str, str]] = {
    200: {"description": "Kept: Kafka has acknowledged everything in it"},
    400: {
        "description": "No JSON, or not a webhook of a WhatsApp business account; the reason is in `detail`"
    },
    401: {"description": "The signature is missing or wrong"},
    413: {"description": "Larger than 3 MiB"},
    503: {"description": "It cannot be kept now: send it again"},
}
