"""No secret and no personal identifier reaches a log line."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from pymongo.errors import BulkWriteError, OperationFailure

from ventanilla.observability import REDACTED, configure_logging, logger, redact, said


@pytest.mark.parametrize(
    "personal",
    [
        "01234567-8",
        "012345678",
        "0614-290180-102-3",
        "06142901801023",
        "+503 7123-4567",
        "50371234567",
        "(503) 7123 4567",
        "ana.perez@example.com",
        "SV.123456789",
    ],
)
def test_identifiers_are_struck_out(personal: str) -> None:
    assert personal not in redact(f"the contact {personal} wrote")
    assert REDACTED in redact(personal)


@pytest.mark.parametrize(
    "harmless", ["batch of 500 records", "port 8010", "took 12.5 ms", "2026-11-25", "v1.2.3"]
)
def test_plain_facts_stay(harmless: str) -> None:
    assert redact(harmless) == harmless


@given(st.from_regex(r"[0-9]{8}-?[0-9]", fullmatch=True), st.text(alphabet=" .,;:\n", max_size=5))
def test_no_dui_survives_whatever_stands_around_it(dui: str, around: str) -> None:
    assert dui not in redact(f"{around}{dui}{around}")


def test_a_line_is_json_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.reset_defaults()
    configure_logging("router")
    logger("test").warning(
        "something", access_token="abc", nested={"app_secret": "x", "note": "DUI 01234567-8"}, count=3
    )
    line = json.loads(capsys.readouterr().err.strip().splitlines()[-1])
    assert line["service"] == "router"
    assert line["access_token"] == REDACTED
    assert line["nested"] == {"app_secret": REDACTED, "note": f"DUI {REDACTED}"}
    assert line["count"] == 3


def test_an_exception_shows_no_identifier(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.reset_defaults()
    configure_logging("router")
    try:
        raise ValueError("no address for 50371234567")
    except ValueError as error:
        logger("test").error("failed", exc_info=error)
    assert "50371234567" not in capsys.readouterr().err


@pytest.fixture(autouse=True)
def _logs_of_other_tests() -> Iterator[None]:
    """These tests log to what they capture; afterwards nobody else must."""
    yield
    structlog.reset_defaults()
    configure_logging("tests", "WARNING")


class _Shape(BaseModel):
    amount: int


def _invalid() -> None:
    _Shape.model_validate({"amount": "mandolina"})


def _not_written() -> None:
    operation = {"q": {"_id": "x"}, "u": {"$set": {"body": "mandolina"}}}
    raise BulkWriteError({"writeErrors": [{"index": 0, "code": 9, "errmsg": "mandolina", "op": operation}]})


def _refused() -> None:
    raise OperationFailure("cannot write mandolina", 9, {"errmsg": "mandolina"})


@pytest.mark.parametrize("fails", [_invalid, _not_written, _refused])
def test_an_exception_shows_nothing_of_what_it_was_about(
    fails: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    structlog.reset_defaults()
    configure_logging("router")
    try:
        fails()
    except Exception as error:
        logger("test").error("failed", exc_info=error, detail=said(error))
    line = json.loads(capsys.readouterr().err)
    assert "mandolina" not in str(line)
    assert line["detail"] in line["exception"]


def test_a_logger_made_before_the_configuration_takes_its_form_too() -> None:
    program = (
        "from ventanilla.observability import configure_logging, logger\n"
        "log = logger('early')\n"
        "configure_logging('router')\n"
        "log.info('started', error='DUI 01234567-8')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    line = json.loads(done.stderr)
    assert line["service"] == "router"
    assert line["module"] == "early"
    assert line["error"] == f"DUI {REDACTED}"
