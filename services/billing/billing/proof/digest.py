"""The digest of a month's ledger: SHA-256 over one exact text, so that a stranger gets the same.

The text is UTF-8. Its first line is the JSON array ["ventanilla.sessions.v1", month, channel, account]; each
session follows as [contact, opened_at, messages], the lines sorted by their bytes. JSON without spaces and
with everything beyond ASCII escaped; `opened_at` in UTC with six decimals and a Z; every line ends in \\n.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

FORM = "ventanilla.sessions.v1"


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A standing session as statements and exports show it."""

    month: str
    channel: str
    account: str
    contact: str
    opened_at: datetime
    messages: int


def canonical(month: str, channel: str, account: str, lines: Iterable[LedgerLine]) -> bytes:
    """The text that is hashed; the order of `lines` does not matter."""
    body = sorted(_text([line.contact, exact(line.opened_at), line.messages]) for line in lines)
    return b"".join([_text([FORM, month, channel, account]), *body])


def digest(month: str, channel: str, account: str, lines: Iterable[LedgerLine]) -> str:
    """SHA-256 of the canonical text, in hexadecimal."""
    return sha256(canonical(month, channel, account, lines)).hexdigest()


def exact(moment: datetime) -> str:
    """UTC to the microsecond, always in the same form."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def _text(values: list[object]) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode() + b"\n"
