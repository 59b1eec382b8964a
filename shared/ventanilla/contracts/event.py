"""The envelope that every event shares, and the ids that make a replay recognisable."""

from hashlib import sha1
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

# The root of every id that Ventanilla derives. It is part of the contract: never change it.
NAMESPACE = UUID("6f0e7a52-6d0b-5a5e-9a43-2a5d0f1c7b10")
_NAMESPACE = NAMESPACE.bytes

Timestamp = AwareDatetime
"""Aware; in UTC by convention of whoever creates it, so its JSON ends in Z."""


def derived_id(*parts: str) -> str:
    """The id of something that `parts` caused: the same parts give the same id, on any machine, for ever.

    It is `uuid5(NAMESPACE, parts joined by U+001F)` (RFC 9562, version 5), written out because it is made
    several times for each message, and `uuid.uuid5` takes three times as long.
    """
    name = "\x1f".join(parts)
    text = sha1(_NAMESPACE + name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"


class Contract(BaseModel):
    """A value inside an event: immutable, and tolerant of fields that a newer writer added."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", ser_json_timedelta="float", use_attribute_docstrings=True
    )


class Event(Contract):
    """One fact. `id` is derived from what caused it; `occurred_at` is its source's clock, in UTC."""

    id: str
    occurred_at: Timestamp
    contact_id: str
    """The pseudonym that keys every topic on a message's way (see `ventanilla.contacts`)."""
    correlation_id: str
    """Follows one citizen's message through every service, log line and answer."""


JsonObject = dict[str, Any]
