"""`POST /v{version}/{phone_number_id}/messages`, as graph.facebook.com answers it."""

import hmac
import re
import secrets
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from sandbox.domain.errors import GraphError, unknown_number
from sandbox.domain.sends import Receipt, read_request
from sandbox.provider import OutageError, Provider

_VERSION = re.compile(r"\d{1,3}\.\d{1,2}")
_PAGE = "<!doctype html><title>Error</title><h1>Sorry, something went wrong.</h1>"
_LARGEST = 256 * 1024  # bytes of a body


def graph_api(provider: Provider, access_token: str) -> APIRouter:
    """`access_token` is the bearer token that callers must have."""
    router = APIRouter(tags=["Graph API"])

    @router.post("/v{version}/{phone_number_id}/messages")
    async def messages(version: str, phone_number_id: str, request: Request) -> Response:
        """Send a message, or a read receipt with or without the typing sign."""
        try:
            return JSONResponse(await _answer(provider, access_token, version, phone_number_id, request))
        except OutageError as error:
            return HTMLResponse(_PAGE, status_code=error.http, headers={"Retry-After": "1"})
        except GraphError as error:
            return JSONResponse(error.body(secrets.token_urlsafe(12)), status_code=error.http)

    return router


async def _answer(
    provider: Provider, access_token: str, version: str, phone_number_id: str, request: Request
) -> dict[str, Any]:
    if not hmac.compare_digest(
        request.headers.get("authorization", "").encode(), f"Bearer {access_token}".encode()
    ):
        raise GraphError(190, message="Invalid OAuth access token - Cannot parse access token")
    if not _VERSION.fullmatch(version):
        raise GraphError(100, message=f"(#100) Unknown API version v{version}")
    number = provider.numbers.get(phone_number_id)
    if number is None:
        raise unknown_number(phone_number_id)
    if int(request.headers.get("content-length") or 0) > _LARGEST:
        raise GraphError(100, "The body is too large.")
    try:
        body = await request.json()
    except ValueError:
        raise GraphError(100, "The body is not JSON.") from None
    try:
        wanted = read_request(body, provider.templates)
    except GraphError as error:
        provider.refuse(phone_number_id, error.code)
        raise
    if isinstance(wanted, Receipt):
        provider.read(phone_number_id, wanted.message_id, wanted.typing)
        return {"success": True}
    phone, message = provider.send(number, wanted)
    contact = {"input": wanted.to}
    contact |= {"wa_id": phone.number} if phone.number else {}
    contact |= {"user_id": phone.user_id} if phone.user_id else {}
    sent = {"id": message.id} | ({"message_status": "accepted"} if message.type == "template" else {})
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [sent]}
