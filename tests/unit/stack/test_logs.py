"""The merged log as a person reads it."""

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.logs import readable

AT = "2026-11-25T14:03:09.123456Z"
CLOCK = datetime.fromisoformat(AT).astimezone().strftime("%H:%M:%S")


def line(**fields: object) -> str:
    return json.dumps({"timestamp": AT, "level": "info", "service": "router", **fields})


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"event": "started"}, f"{CLOCK} router        info     started"),
        ({"event": "batch", "records": 3}, f"{CLOCK} router        info     batch records=3"),
        ({"event": "x", "note": "two words"}, f'{CLOCK} router        info     x note="two words"'),
        ({"event": "x", "note": ""}, f'{CLOCK} router        info     x note=""'),
        ({"event": "x", "ok": True, "none": None}, f"{CLOCK} router        info     x ok=true none=null"),
        ({"event": "x", "where": {"a": [1]}}, f'{CLOCK} router        info     x where={{"a": [1]}}'),
        ({"event": "atención", "module": "router.app"}, f"{CLOCK} router        info     atención"),
        ({"event": "x", "level": "critical"}, f"{CLOCK} router        critical x"),
        (
            {"event": "failed", "exception": "Traceback\n  line 1", "attempt": 2},
            f"{CLOCK} router        info     failed attempt=2\n    Traceback\n      line 1",
        ),
        ({"event": "x", "timestamp": "soon"}, "--:--:-- router        info     x"),
    ],
)
def test_a_structured_line_is_shown_as_time_service_level_event_and_facts(
    fields: dict[str, object], shown: str
) -> None:
    assert readable("router", line(**fields)).plain == shown


@pytest.mark.parametrize("text", ["Traceback (most recent call last):", "{broken", "[1, 2]", '"text"', "{}x"])
def test_another_line_is_shown_as_it_is(text: str) -> None:
    assert readable("agent-gateway", text).plain == f"         agent-gateway {text}"


@given(st.text(), st.dictionaries(st.text(), st.integers() | st.text() | st.none() | st.booleans()))
def test_no_line_can_break_the_log(text: str, fields: dict[str, object]) -> None:
    readable("bot", text)
    readable("bot", json.dumps(fields))
