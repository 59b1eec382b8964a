"""Sessions as CSV, for people's spreadsheets and for `docs/contracts/check_month.py`."""

import csv
import io
from collections.abc import Iterable

from billing.domain.sessions import LENGTH
from billing.proof.digest import LedgerLine, exact

COLUMNS = ("month", "channel", "account", "contact", "opened_at", "closes_at", "messages")

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
"""A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection); the apostrophe itself is
here so that whoever takes one off gets the value back."""


def title() -> str:
    """The first line."""
    return _text(COLUMNS)


def row(line: LedgerLine) -> str:
    """One session, with its line end (CR LF, RFC 4180)."""
    opens, closes = exact(line.opened_at), exact(line.opened_at + LENGTH)
    return _text((line.month, line.channel, line.account, line.contact, opens, closes, str(line.messages)))


def _text(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([_harmless(cell) for cell in cells])
    return text.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
