"""The provider's monthly invoice as CSV, read whole or not at all.

UTF-8, comma, the columns of `COLUMNS` in any order, others ignored. `message_id` or `conversation_id` is
filled (both may be), `time` is ISO 8601 with its offset, `billable` true or false, `amount` a plain decimal
(negative: a credit). The last line is the trailer `TOTAL`: in the first column that word, in `amount` the sum
and in `time` the number of lines. Without it nobody can tell a short month from a file that was cut.
"""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

COLUMNS = ("message_id", "conversation_id", "time", "category", "billable", "amount")
TRAILER = "TOTAL"
_AMOUNT = re.compile(r"-?\d{1,12}(\.\d{1,12})?")
_MOST_PROBLEMS = 20


class InvoiceError(Exception):
    """The invoice cannot be trusted. One problem a line, each with the line of the file."""


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line of the bill."""

    line: int
    """Of the file, from 1; the header is 1."""
    message_id: str | None
    conversation_id: str | None
    time: datetime
    category: str
    billable: bool
    amount: Decimal


def read_invoice(content: bytes) -> list[InvoiceLine]:
    """Raises `InvoiceError`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InvoiceError(f"line {line}: not UTF-8; save the file as UTF-8, or get it again") from None
    rows = _rows(text)
    if not rows:
        raise InvoiceError("line 1: the file is empty; get it again")
    places = _places(rows[0][1])
    lines: list[InvoiceLine] = []
    problems: list[str] = []
    trailer: list[str] | None = None
    for number, cells in rows[1:]:
        if trailer is not None:
            problems.append(f"line {number}: stands after the {TRAILER} line; nothing may follow it")
        elif len(cells) != len(rows[0][1]):
            problems.append(
                f"line {number}: {len(cells)} columns instead of {len(rows[0][1])}; the file was cut"
            )
        elif cells[0] == TRAILER:
            trailer = cells
        else:
            try:
                lines.append(_line(number, {name: cells[place] for name, place in places.items()}))
            except ValueError as error:
                problems.append(f"line {number}: {error}")
    if trailer is None:
        problems.append(
            f"line {rows[-1][0]}: no {TRAILER} line at the end: the invoice is truncated; get it again"
        )
    elif not problems:
        problems += _against_trailer(lines, trailer[places["time"]], trailer[places["amount"]])
    if problems:
        raise InvoiceError("\n".join(problems[:_MOST_PROBLEMS]))
    return lines


def _rows(text: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if cells]
    except csv.Error as error:
        raise InvoiceError(
            f"line {reader.line_num}: {error}: the file was cut or is no CSV; get it again"
        ) from None


def _places(header: list[str]) -> dict[str, int]:
    missing = [name for name in COLUMNS if header.count(name) != 1]
    if missing:
        raise InvoiceError(f"line 1: each of {', '.join(missing)} must head one column; see docs/metering.md")
    return {name: header.index(name) for name in COLUMNS}


def _line(number: int, cells: dict[str, str]) -> InvoiceLine:
    if not cells["message_id"] and not cells["conversation_id"]:
        raise ValueError("neither message_id nor conversation_id is filled")
    try:
        time = datetime.fromisoformat(cells["time"])
    except ValueError:
        raise ValueError("time is not ISO 8601, as in 2026-11-02T15:04:05Z") from None
    if time.tzinfo is None:
        raise ValueError("time has no offset, as in 2026-11-02T15:04:05Z or -06:00")
    if not 2000 <= time.year < 2200:
        raise ValueError("time is outside 2000 to 2199")
    if cells["billable"].lower() not in ("true", "false"):
        raise ValueError("billable is neither true nor false")
    return InvoiceLine(
        number, cells["message_id"] or None, cells["conversation_id"] or None, time,
        cells["category"].lower(), cells["billable"].lower() == "true", amount(cells["amount"]),
    )  # fmt: skip


def amount(text: str) -> Decimal:
    """Exactly the digits that are written. Raises `ValueError`."""
    if not _AMOUNT.fullmatch(text):
        raise ValueError("amount is not a plain decimal, as in 0.0113")
    return Decimal(text)


def total(lines: Iterable[InvoiceLine]) -> Decimal:
    """The sum, exact."""
    return sum((line.amount for line in lines), Decimal(0))


def _against_trailer(lines: list[InvoiceLine], count: str, stated: str) -> list[str]:
    found = []
    if count != str(len(lines)):
        found.append(f"{TRAILER} says {count or 'nothing'} lines, the file has {len(lines)}: it is truncated")
    try:
        if amount(stated) != total(lines):
            found.append(f"{TRAILER} says {stated}, the lines sum to {total(lines)}; ask the provider")
    except ValueError as error:
        found.append(f"{TRAILER}: {error}")
    return found
