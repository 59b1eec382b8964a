"""Requests to Meta's Graph API, and what its answers mean."""

import math
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from ingest.channels.sender import Address, Rejected, RetryLater
from ingest.channels.whatsapp.render import render
from ventanilla.contracts.channel import OutboundMessage

RETRY_CODES = frozenset({4, 80007, 130429, 131000, 131016, 131056, 131057, 133004})
"""Rate limits, overload, maintenance (Meta, "Error codes")."""
PERMANENT_CODES = frozenset({368, 131026, 131047, 131050, 131062})
"""Permanent whatever the HTTP status says: no WhatsApp, window closed, opted out, no such user, blocked."""

_TIMEOUT = httpx.Timeout(10.0, connect=3.0, pool=None)
_LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=64)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Sent(_Answer):
    id: str


class _Accepted(_Answer):
    messages: list[_Sent]


class _ErrorData(_Answer):
    details: str | None = None


class _Error(_Answer):
    code: int
    message: str = ""
    is_transient: bool = False
    error_data: _ErrorData | None = None


class _Refusal(_Answer):
    error: _Error


def provider_client() -> httpx.AsyncClient:
    """Never follows a redirect: the access token is for one host. To be closed by who made it."""
    return httpx.AsyncClient(timeout=_TIMEOUT, limits=_LIMITS, follow_redirects=False)


class WhatsAppSender:
    """One `POST {base}/{phone number id}/messages` for each part."""

    def __init__(self, client: httpx.AsyncClient, base_url: str, access_token: str) -> None:
        self._client = client
        self._base_url = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {access_token}"}

    def parts(self, message: OutboundMessage) -> list[dict[str, Any]]:
        return render(message.content)

    async def send(
        self, address: Address, message: OutboundMessage, part: int, parts: int, body: dict[str, Any]
    ) -> str:
        """`biz_opaque_callback_data` comes back on every status, and says which part of what it is."""
        request = {
            "messaging_product": "whatsapp",
            **addressed(address),
            "biz_opaque_callback_data": f"{message.id}:{part}:{parts}:{message.conversation_id}",
            **body,
        }
        url = f"{self._base_url}/{message.account}/messages"
        try:
            response = await self._client.post(url, json=request, headers=self._headers)
        except httpx.HTTPError as error:
            raise RetryLater(None, "unreachable", type(error).__name__) from error
        return provider_message_id(response.status_code, response.headers, response.content)


def addressed(address: Address) -> dict[str, Any]:
    """By number where one is known; `recipient` takes a business-scoped user id; a group goes by its own."""
    if address.group_id:
        return {"recipient_type": "group", "to": address.group_id}
    if address.number:
        return {"recipient_type": "individual", "to": address.number}
    return {"recipient_type": "individual", "recipient": address.user_id}


def provider_message_id(status: int, headers: httpx.Headers, content: bytes) -> str:
    """The id that the provider gave the part. Raises `RetryLater` or `Rejected`."""
    if 200 <= status < 300:
        try:
            accepted = _Accepted.model_validate_json(content)
        except ValidationError:
            raise RetryLater(None, "bad_answer", "The provider's answer is not what it documents") from None
        if not accepted.messages or not accepted.messages[0].id:
            raise RetryLater(None, "bad_answer", "The provider's answer names no message")
        return accepted.messages[0].id
    wish = retry_after(headers.get("retry-after"))
    try:
        error = _Refusal.model_validate_json(content).error
    except ValidationError:
        raise RetryLater(wish, f"http_{status}", "The provider's answer is not what it documents") from None
    if error.code in PERMANENT_CODES:
        raise _rejected(error)
    if error.code in RETRY_CODES or error.is_transient or status == 429 or status >= 500:
        raise RetryLater(wish, str(error.code), error.message)
    raise _rejected(error)


def retry_after(header: str | None) -> float | None:
    """Seconds; None for an absent header, and for a date, which Meta never sends."""
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _rejected(error: _Error) -> Rejected:
    return Rejected(str(error.code), error.message, error.error_data.details if error.error_data else None)
