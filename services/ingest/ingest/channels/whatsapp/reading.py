"""Reading one item of a webhook, or saying why it makes no sense. Pure."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from ingest.channels.whatsapp.payload import Timestamp

T = TypeVar("T")


class RefusedError(Exception):
    """This one item makes no sense."""

    def __init__(self, reason: str, error: str) -> None:
        super().__init__(error)
        self.reason = reason
        self.error = error


def validated(read: Callable[[Any], T], raw: Any, reason: str | None = None) -> T:
    """Raises `RefusedError` where `read` raises `ValidationError`; without a `reason`, by what is wrong."""
    try:
        return read(raw)
    except ValidationError as error:
        raise RefusedError(reason or _reason(error), problems(error)) from None


def _reason(error: ValidationError) -> str:
    problem = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where = str(problem["loc"][0]) if problem["loc"] else ""
    if problem["type"] == "missing" and where == "id":
        return "no_id"
    return "bad_timestamp" if where == "timestamp" else "bad_content"


def problems(error: ValidationError) -> str:
    """Where and why, without a value: Meta's field names and pydantic's words only."""
    return "; ".join(
        f"{'.'.join(str(step) for step in problem['loc']) or 'body'}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False, include_context=False)[:5]
    )


def moment(timestamp: Timestamp) -> datetime:
    """Unix seconds to UTC."""
    text = str(timestamp).strip()
    if text.isascii() and text.isdigit():
        try:
            return datetime.fromtimestamp(int(text), UTC)
        except (ValueError, OverflowError, OSError):
            pass
    raise RefusedError("bad_timestamp", "the timestamp is not a time in Unix seconds")
