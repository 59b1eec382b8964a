"""Logs and metrics in one form for every service.

Logs are JSON lines on standard error, with the correlation id of the work in hand. Identity numbers, long
digit runs and secrets are struck out before a line is written, by format: Salvadoran DUI (`\\d{8}-?\\d`) and
NIT (`\\d{4}-?\\d{6}-?\\d{3}-?\\d`), telephone numbers, e-mail addresses.
"""

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog
from pydantic import ValidationError
from pymongo.errors import OperationFailure

REDACTED = "[redacted]"

_PERSONAL = re.compile(
    r"""
      \b\d{4}-?\d{6}-?\d{3}-?\d\b            # NIT
    | \b\d{8}-?\d\b                          # DUI
    | (?<![\w.-])(?!\d{4}-\d\d-\d\d(?!\d))\+?\(?\d[\d\s()-]{8,}\d(?![\w.])  # telephone numbers
    | [\w.+-]+@[\w-]+\.[\w.-]+               # e-mail
    | \b[A-Z]{2}\.\d{4,}\b                   # business-scoped user ids
    """,
    re.VERBOSE,
)
_SECRET_NAMES = re.compile(r"secret|token|password|authorization|cookie|signature|api_?key", re.IGNORECASE)


def redact(text: str) -> str:
    """`text` without what could name a person. Errs on the side of striking out."""
    return _PERSONAL.sub(REDACTED, text)


def _redacted(name: str, value: Any) -> Any:
    if _SECRET_NAMES.search(name):
        return REDACTED
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: _redacted(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(name, item) for item in value]
    return value


_OURS = frozenset({"timestamp", "level", "service", "correlation_id", "module"})


def _strike_out(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if name not in _OURS:
            event[name] = _redacted(name, value)
    return event


def said(error: BaseException) -> str:
    """An exception's message, as far as it may be written down.

    A validation error quotes its input, and a failed bulk write the whole documents: those are left out.
    """
    if isinstance(error, ValidationError):
        return f"{error.error_count()} errors"
    if isinstance(error, OperationFailure):
        codes = sorted({str(one.get("code")) for one in (error.details or {}).get("writeErrors", [])})
        return f"code {', '.join(codes) or error.code}"
    return str(error)[:500]


def _format_exception(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """An exception as types, messages and places."""
    raised = event.pop("exc_info", None)
    error = sys.exc_info()[1] if raised is True else raised[1] if isinstance(raised, tuple) else raised
    if isinstance(error, BaseException):
        lines: list[str] = []
        while error is not None:
            places = " < ".join(
                f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
                for frame in reversed(traceback.extract_tb(error.__traceback__)[-8:])
            )
            lines.append(f"{type(error).__name__}: {said(error)} at {places}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        event["exception"] = " | caused by ".join(lines)
    return event


def configure_logging(service: str, level: str = "INFO") -> None:
    """Once for each process. Lines of libraries that use `logging` take the same form."""

    def add_service(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["service"] = service
        return event

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_service,
        structlog.processors.StackInfoRenderer(),
        _format_exception,
        _strike_out,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of one module; its name goes into each line.

    Lazy: modules make theirs before `configure_logging` has run, and a bound one would keep the old form.
    """
    lazy: structlog.typing.FilteringBoundLogger = structlog.get_logger(module=name)
    return lazy
