"""Requests to Meta's Graph API, and what its answers mean."""

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from pydantic import BaseModel, ConfigDict, ValidationError

from ingest.channels.sender import Address, Rejected, RetryLater
from ingest.channels.whatsapp.render import render
from ventanilla.contracts.channel import OutboundMessage

RETRY_CODES = frozenset({4, 80007, 130429, 131000, 131016, 131056, 131057, 133004})
"""Rate limits, overload, maintenance (Meta, "Error codes")."""
PERMANENT_CODES = frozenset({368, 131026, 131047, 131050, 131062})
"""Permanent whatever the HTTP status says: no WhatsApp, window closed, opted out, no such user, blocked."""

_TIMEOUT = ClientTimeout(total=None, sock_connect=3.0, sock_read=10.0)
"""Without a total: it would count the wait for one of the connections."""
_CONNECTIONS = 64


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


def provider_session(base_url: str) -> ClientSession:
    """To be made while a loop runs, and closed by who made it. Goes through the proxy that the environment
    names for such a URL (`HTTPS_PROXY`, `NO_PROXY`), if any."""
    url = urlsplit(base_url)
    proxy = None if proxy_bypass(url.hostname or "") else getproxies().get(url.scheme)
    return ClientSession(
        timeout=_TIMEOUT,
        connector=TCPConnector(limit=_CONNECTIONS),
        cookie_jar=DummyCookieJar(),
        proxy=proxy,  # `trust_env` does as much, and looks for passwords in ~/.netrc before each request
    )


class WhatsAppSender:
    """One `POST {base}/{phone number id}/messages` for each part."""

    def __init__(self, session: ClientSession, base_url: str, access_token: str) -> None:
        self._session = session
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
            # No redirect is followed: the access token is for one host.
            async with self._session.post(
                url, json=request, headers=self._headers, allow_redirects=False
            ) as response:
                content = await response.read()
        except (ClientError, TimeoutError) as error:
            raise RetryLater(None, "unreachable", type(error).__name__) from error
        return provider_message_id(response.status, response.headers, content)


def addressed(address: Address) -> dict[str, Any]:
    """By number where one is known; `recipient` takes a business-scoped user id; a group goes by its own."""
    if address.group_id:
        return {"recipient_type": "group", "to": address.group_id}
    if address.number:
        return {"recipient_type": "individual", "to": address.number}
    return {"recipient_type": "individual", "recipient": address.user_id}


def provider_message_id(status: int, headers: Mapping[str, str], content: bytes) -> str:
    """The id that the provider gave the part. `headers` of any case. Raises `RetryLater` or `Rejected`."""
    if 200 <= status < 300:
        try:
            accepted = _Accepted.model_validate_json(content)
        except ValidationError:
            raise RetryLater(None, "bad_answer", "The provider's answer is not what it documents") from None
        if not accepted.messages or not accepted.messages[0].id:
            raise RetryLater(None, "bad_answer", "The provider's answer names no message")
        return accepted.messages[0].id
    wish = retry_after(headers.get("Retry-After"))
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
