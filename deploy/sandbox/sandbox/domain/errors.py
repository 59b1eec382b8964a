"""The Graph API's errors: codes, HTTP statuses and the body that they come in.

Source: "WhatsApp Cloud API, error codes", developers.facebook.com.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Known:
    """A code of the catalogue: the HTTP status it comes with, and Meta's words for it."""

    http: int
    title: str
    type: str = "OAuthException"


CATALOGUE: dict[int, Known] = {
    4: Known(429, "Application request limit reached"),
    10: Known(403, "Application does not have permission for this action"),
    100: Known(400, "Invalid parameter"),
    190: Known(401, "Invalid OAuth access token - Cannot parse access token"),
    200: Known(403, "Permissions error"),
    368: Known(403, "Temporarily blocked for policies violations"),
    80007: Known(429, "Rate limit hit"),
    130429: Known(429, "Rate limit hit"),
    130472: Known(400, "User's number is part of an experiment"),
    130497: Known(403, "Business account is restricted from messaging users in this country"),
    131000: Known(500, "Something went wrong"),
    131005: Known(403, "Access denied"),
    131008: Known(400, "Required parameter is missing"),
    131009: Known(400, "Parameter value is not valid"),
    131016: Known(500, "Service unavailable"),
    131021: Known(400, "Recipient cannot be sender"),
    131026: Known(400, "Message undeliverable"),
    131030: Known(400, "Recipient phone number not in allowed list"),
    131031: Known(403, "Business Account locked"),
    131042: Known(400, "Business eligibility payment issue"),
    131045: Known(500, "Incorrect certificate"),
    131047: Known(400, "Re-engagement message"),
    131048: Known(400, "Spam rate limit hit"),
    131049: Known(400, "Message not delivered to maintain healthy ecosystem engagement"),
    131050: Known(400, "User has stopped receiving marketing messages from this business"),
    131051: Known(400, "Unsupported message type"),
    131052: Known(400, "Media download error"),
    131053: Known(400, "Media upload error"),
    131056: Known(429, "(Business Account, Consumer Account) pair rate limit hit"),
    131057: Known(500, "Account in maintenance mode"),
    131062: Known(400, "Business-scoped user ID is not supported for this message"),
    132000: Known(400, "Template param count mismatch"),
    132001: Known(404, "Template does not exist"),
    132005: Known(400, "Template hydrated text too long"),
    132015: Known(400, "Template is paused"),
    133004: Known(503, "Server temporarily unavailable"),
    133010: Known(400, "Phone number not registered"),
    135000: Known(400, "Generic user error"),
}

HTTP_STATUSES = frozenset({200, 429, 500, 503})
"""What the provider's edge answers with a page of its own, without a word of the Graph API: 200 as well."""


class GraphError(Exception):
    """The API refuses a request, with this code."""

    def __init__(
        self, code: int, details: str | None = None, *, message: str | None = None, subcode: int | None = None
    ) -> None:
        super().__init__(f"Graph error {code}")
        self.code = code
        self.details = details
        self.message = message or f"(#{code}) {CATALOGUE[code].title}"
        self.subcode = subcode

    @property
    def http(self) -> int:
        return CATALOGUE[self.code].http

    def body(self, trace: str) -> dict[str, Any]:
        """As the Graph API writes it; `trace` is the id that the provider's support asks for."""
        known = CATALOGUE[self.code]
        kind = "GraphMethodException" if self.subcode == 33 else known.type
        error: dict[str, Any] = {"message": self.message, "type": kind, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.details is not None:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        return {"error": error | {"fbtrace_id": trace}}


def status_error(code: int) -> dict[str, Any]:
    """One error of a `failed` status."""
    title = CATALOGUE[code].title
    return {"code": code, "title": title, "message": title, "error_data": {"details": f"{title}."}}


def unknown_number(phone_number_id: str) -> GraphError:
    """What the API says of a number that is not there, or not this token's."""
    return GraphError(
        100,
        message=f"Unsupported post request. Object with ID '{phone_number_id}' does not exist, cannot be "
        "loaded due to missing permissions, or does not support this operation.",
        subcode=33,
    )
