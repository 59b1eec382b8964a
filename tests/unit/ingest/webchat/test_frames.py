"""What a browser may send, and what it is told when it sends something else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.channels.webchat.protocol import (
    MAX_TEXT,
    Accepted,
    Ack,
    BadFrameError,
    ClientMessage,
    Hello,
    Read,
    read_frame,
    written,
)
from ventanilla.contracts.channel import Choice, Text


def test_first_hello_of_a_new_browser() -> None:
    assert read_frame('{"type":"hello"}') == Hello(type="hello", token=None, last_seq=0)


def test_hello_of_one_that_comes_back() -> None:
    frame = read_frame('{"type":"hello","token":"abc","last_seq":7,"from_a_newer_widget":true}')
    assert frame == Hello(type="hello", token="abc", last_seq=7)


def test_text_becomes_the_contracts_text() -> None:
    frame = read_frame('{"type":"message","client_id":"abcd1234","text":"q papeles piden"}')
    assert isinstance(frame, ClientMessage)
    assert frame.content == Text(text="q papeles piden")


def test_a_pressed_option_becomes_a_choice_with_its_id() -> None:
    frame = read_frame(
        '{"type":"message","client_id":"abcd1234","choice":{"id":"area:rprh","title":"Propiedad"}}'
    )
    assert isinstance(frame, ClientMessage)
    assert frame.content == Choice(kind="button_reply", choice_id="area:rprh", title="Propiedad")


def test_acks() -> None:
    assert read_frame('{"type":"ack","seq":3}') == Ack(type="ack", seq=3)
    assert read_frame('{"type":"read","seq":3}') == Read(type="read", seq=3)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("", "JSON"),
        ("[]", "frame"),
        ("{}", "type"),
        ('{"type":"message_of_tomorrow"}', "type"),
        ('{"type":"hello","last_seq":-1}', "last_seq"),
        ('{"type":"hello","last_seq":9007199254740993}', "last_seq"),
        ('{"type":"ack"}', "seq"),
        ('{"type":"message","text":"hola"}', "client_id"),
        ('{"type":"message","client_id":"corto","text":"hola"}', "client_id"),
        ('{"type":"message","client_id":"con espacio 1","text":"hola"}', "client_id"),
        ('{"type":"message","client_id":"abcd1234"}', "either text or choice"),
        ('{"type":"message","client_id":"abcd1234","text":" \\n "}', "empty"),
        ('{"type":"message","client_id":"abcd1234","text":"a","choice":{"id":"x","title":"y"}}', "either"),
        ('{"type":"message","client_id":"abcd1234","choice":{"id":"","title":"y"}}', "choice.id"),
        (json.dumps({"type": "message", "client_id": "abcd1234", "text": "x" * (MAX_TEXT + 1)}), "4000"),
    ],
)
def test_a_bad_frame_is_told_what_is_wrong(data: str, says: str) -> None:
    with pytest.raises(BadFrameError, match=says):
        read_frame(data)


def test_a_refusal_names_the_message_but_never_its_words() -> None:
    secret = "03245678-9 " * 400
    with pytest.raises(BadFrameError) as refusal:
        read_frame(json.dumps({"type": "message", "client_id": "abcd1234", "text": secret}))
    assert refusal.value.client_id == "abcd1234"
    assert "03245678" not in str(refusal.value)


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_no_text_breaks_the_reader(data: str) -> None:
    with pytest.raises(BadFrameError):
        read_frame(data)


def test_times_go_out_in_utc_and_nothing_absent_is_written() -> None:
    frame = Accepted.model_validate({"client_id": "abcd1234", "at": "2026-11-25T07:00:00-06:00", "seq": 1})
    assert json.loads(written(frame)) == {
        "type": "accepted",
        "client_id": "abcd1234",
        "at": frame.model_dump(mode="json")["at"],
        "seq": 1,
    }
