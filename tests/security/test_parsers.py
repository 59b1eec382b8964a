"""Everything that reads what strangers wrote: whatever it is given, it reads it or refuses it, and no more.

A refusal is the reader's own exception, never another, and repeats nothing of what was refused. What is
accepted can be read again by whoever consumes it.
"""

import base64
import csv
import io
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.proof.invoice import COLUMNS, InvoiceError, read_invoice
from billing.proof.reading import ExportError, Unreadable, read_export
from ingest.channels.webchat import visitors
from ingest.channels.webchat.protocol import BadFrameError, read_frame
from ingest.channels.whatsapp.parse import NotAWebhookError, parse
from ingest.channels.whatsapp.signature import digest_of, keyed, signed_by
from ingest.channels.whatsapp.status import our_callback
from support.messages import NOON
from support.whatsapp import ACCOUNT, change, echo, echoes, message, raw, status, webhook
from ventanilla.access import InvalidTokenError, Role, issue_token, read_token
from ventanilla.contracts.channel import FlowAnswer
from ventanilla.contracts.event import Event
from ventanilla.dead_letters import DeadLetter
from ventanilla.stream.records import UndecodableError, decode
from ventanilla.topics import ALL

KEY = "k" * 40
CANARY = "clave-secreta-70001234"

ODD_NUMBERS = ["1e999", "-1e999", "NaN", "1" * 400, "0.1e-400", "-0"]
ODD_TEXTS = [
    "", "\x00", "a\x00b", "\u202e", "\uffff", "𝒽ola", "ñ" * 5000, "<script>", "{{7*7}}", "$where", "../" * 20,
]  # fmt: skip

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(ODD_TEXTS)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def places(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything inside a JSON value."""
    found = [above] if above else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, one in inner:
        found += places(one, (*above, step))
    return found


def with_other(value: Any, place: tuple[Any, ...], other: Any) -> Any:
    """A copy with something else at that place."""
    copy = json.loads(json.dumps(value))
    at = copy
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = other
    return copy


GENUINE = webhook(
    change(messages=[
        message(id="wamid.1", context={"id": "wamid.0"}, errors=[]),
        message("image", {"id": "1", "caption": "x"}, id="wamid.2"),
        message("location", {"latitude": 1, "longitude": 2}, id="wamid.3"),
        message("interactive", {"nfm_reply": {"response_json": "{}"}}, id="wamid.4"),
        message("interactive", {"list_reply": {"id": "1", "title": "x"}}, id="wamid.5"),
        message("contacts", [{"name": {}}], id="wamid.6"),
        message("system", {"type": "user_changed_number", "wa_id": "50379990000"}, id="wamid.7"),
        message("hologram", {"a": 1}, id="wamid.8"),
        message("order", {"product_items": [{}]}, id="wamid.9"),
        message("reaction", {"message_id": "w", "emoji": "x"}, id="wamid.10"),
    ], contacts=[{"profile": {"name": "María"}, "wa_id": "50370001234", "user_id": "SV.1"}]),
    change(statuses=[
        status("failed", id="wamid.11", errors=[{"code": 1, "error_data": {"details": "x"}}]),
        status(
            "delivered", id="wamid.12", pricing={"billable": True},
            conversation={"id": "k", "expiration_timestamp": "1700000000"},
        ),
        status(id="wamid.13", biz_opaque_callback_data="m:0:1:c"),
    ]),
    echoes([echo(id="wamid.14", to_user_id="SV.1"), echo("document", {"id": "2"}, id="wamid.15")]),
)  # fmt: skip


def taken(body: bytes) -> int:
    """How many items of a webhook became events that a consumer can read. Raises `NotAWebhookError`."""
    drafts = parse(body, {ACCOUNT})
    events: list[Event] = [draft.event("c" * 32, NOON) for draft in drafts.messages]
    events += [draft.event("c" * 32, NOON) for draft in drafts.echoes]
    events += [draft.event("c" * 32, NOON) for draft in drafts.statuses]
    for event in events:
        type(event).model_validate_json(event.model_dump_json(exclude_none=True))
    assert all(reject.reason and reject.error for reject in drafts.rejects)
    return len(events)


@given(st.sampled_from(places(GENUINE)), JSON)
def test_a_webhook_with_anything_anywhere_is_taken_kept_or_refused(
    place: tuple[Any, ...], other: Any
) -> None:
    with suppress(NotAWebhookError):  # a lone surrogate, or what makes the whole no webhook
        taken(raw_with(GENUINE, place, json.dumps(other)))


@pytest.mark.parametrize("number", ODD_NUMBERS)
def test_numbers_that_are_none_do_not_get_through_to_who_cannot_read_them(number: str) -> None:
    for place in places(GENUINE):
        with suppress(NotAWebhookError):
            taken(raw_with(GENUINE, place, number))


def raw_with(value: Any, place: tuple[Any, ...], text: str) -> bytes:
    """The JSON of `value` with this JSON text at a place, which need not be what Python can hold."""
    mark = "here-it-goes"
    return raw(with_other(value, place, mark)).replace(json.dumps(mark).encode(), text.encode())


@given(st.binary(max_size=300), st.integers(0, 3000), st.integers(0, 40))
def test_a_webhook_cut_or_with_other_bytes_in_it_is_read_or_refused(put: bytes, at: int, gone: int) -> None:
    body = raw(GENUINE)
    with suppress(NotAWebhookError):
        taken(body[:at] + put + body[at + gone :])


@given(st.binary(max_size=100) | st.from_regex(rb"sha256=[0-9a-fA-F]{64}", fullmatch=True))
def test_no_header_but_the_genuine_one_is_a_signature(header: bytes) -> None:
    digest = digest_of(header)
    assert digest is None or not signed_by(keyed(b"secret"), b"body", digest)


@given(st.text(max_size=60) | st.from_regex(r"[^:]*:\d*:\d*:[^:]*", fullmatch=True))
def test_a_callback_of_ours_is_read_and_another_is_none(data: str) -> None:
    found = our_callback(data)
    assert found is None or f"{found[0]}:" == data[: len(found[0]) + 1]


FRAME = {
    "type": "message", "client_id": "abcd1234", "choice": {"id": "1", "title": "2"}, "last_seq": 1, "seq": 1,
}  # fmt: skip


@given(
    st.sampled_from(places(FRAME)), JSON,
    st.sampled_from(["message", "hello", "ack", "read", "typing", "ping", "nothing"]),
)  # fmt: skip
def test_a_frame_with_anything_anywhere_is_read_or_refused(
    place: tuple[Any, ...], other: Any, kind: str
) -> None:
    frame = with_other(FRAME, place, other) if place != ("type",) else dict(FRAME, type=kind)
    if isinstance(frame, dict) and place != ("type",):
        frame["type"] = kind
    with suppress(BadFrameError):
        read_frame(json.dumps(frame))


@pytest.mark.parametrize("depth", [10, 200, 10_000])
@pytest.mark.parametrize(
    "read", [lambda text: read_frame(text), lambda text: parse(text.encode(), {ACCOUNT})]
)
def test_depth_alone_breaks_nothing(depth: int, read: Callable[[str], object]) -> None:
    for text in ("[" * depth, "[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth):
        with pytest.raises((BadFrameError, NotAWebhookError)):
            read(text)


@pytest.mark.parametrize("depth", [50, 150, 250, 600])
@pytest.mark.parametrize("name", ["hologram", "referral", "errors"])
def test_a_message_is_no_deeper_than_who_reads_it_can_go(name: str, depth: int) -> None:
    deep = {"hologram": "%s", "referral": '{"a": %s}', "errors": '[{"a": %s}]'}[name]
    odd = message("hologram", {}, **{name: "HERE"})
    body = raw(webhook(change(messages=[odd, message()])))
    body = body.replace(b'"HERE"', (deep % ("[" * depth + "]" * depth)).encode())
    assert taken(body) == (2 if depth == 50 else 1)
    assert [one.reason for one in parse(body, {ACCOUNT}).rejects] == ([] if depth == 50 else ["too_deep"])


@pytest.mark.parametrize("depth", [50, 150, 250, 600, 5000])
def test_the_answers_of_a_form_are_no_deeper_than_that_either(depth: int) -> None:
    form = {"nfm_reply": {"response_json": '{"a": %s}' % ("[" * depth + "]" * depth)}}
    body = raw(webhook(change(messages=[message("interactive", form)])))
    assert taken(body) == 1
    (draft,) = parse(body, {ACCOUNT}).messages
    assert isinstance(draft.content, FlowAnswer)
    assert (draft.content.answers is not None) == (depth == 50)


# --- tokens ----------------------------------------------------------------------------------


def _part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


HEADS = [
    b"[" * 3000, b'{"alg":' + b"[" * 3000, b'{"alg":"none"}', b'{"alg":"RS256"}', b"\xff", b"{}",
]  # fmt: skip


@pytest.mark.parametrize("head", HEADS)
def test_a_token_with_another_head_is_refused(head: bytes) -> None:
    token = f"{_part(head)}.{_part(b'{}')}.{_part(b'x')}"
    with pytest.raises(InvalidTokenError):
        read_token(KEY, token)
    with pytest.raises(visitors.BadTokenError):
        visitors.read(KEY, "web", token, NOON)


@given(st.text(max_size=200) | st.integers(0, 200).map(lambda n: issue_token(KEY, "x", Role.ADMIN)[:n]))
def test_what_is_no_token_is_refused_without_repeating_it(token: str) -> None:
    with pytest.raises(InvalidTokenError) as refused:
        read_token(KEY, token)
    assert not token or len(token) < 4 or token not in str(refused.value)
    with pytest.raises(visitors.BadTokenError):
        visitors.read(KEY, "web", token, NOON)


@given(st.dictionaries(st.sampled_from(["sub", "role", "areas", "aud", "exp", "iat", "acc"]), JSON))
def test_a_signed_token_with_other_claims_is_read_or_refused(claims: dict[str, Any]) -> None:
    try:
        token = jwt.encode(claims, KEY, algorithm="HS256")
    except (TypeError, ValueError):
        return  # no such token can be made
    with suppress(InvalidTokenError):
        read_token(KEY, token)
    with suppress(visitors.BadTokenError):
        visitors.read(KEY, "web", token, NOON)


@pytest.mark.parametrize("left_out", ["exp", "sub", "role", "aud"])
def test_a_token_that_lacks_something_is_refused(left_out: str) -> None:
    claims = {"sub": "x", "role": "admin", "aud": "ventanilla", "exp": 4_000_000_000}
    read_token(KEY, jwt.encode(claims, KEY, algorithm="HS256"))
    del claims[left_out]
    with pytest.raises(InvalidTokenError):
        read_token(KEY, jwt.encode(claims, KEY, algorithm="HS256"))


# --- files that auditors bring ---------------------------------------------------------------

ROW = ["wamid.1", "k1", "2026-11-02T15:04:05Z", "service", "true", "0.0113"]


def invoice(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([list(COLUMNS), *rows, ["TOTAL", "", str(len(rows)), "", "", "0.0113"]])
    return text.getvalue().encode()


@given(st.integers(0, 5), st.text(max_size=30) | st.sampled_from(ODD_TEXTS) | st.sampled_from(ODD_NUMBERS))
def test_an_invoice_with_anything_in_a_cell_is_read_or_refused(column: int, cell: str) -> None:
    row = [*ROW]
    row[column] = cell
    with suppress(InvoiceError, UnicodeEncodeError):
        for line in read_invoice(invoice([row])):
            assert isinstance(line.time, datetime)
            assert line.amount.is_finite()


@given(st.binary(max_size=200), st.integers(0, 250), st.integers(0, 40))
def test_an_invoice_cut_or_with_other_bytes_in_it_is_read_or_refused(put: bytes, at: int, gone: int) -> None:
    body = invoice([ROW])
    with suppress(InvoiceError):
        read_invoice(body[:at] + put + body[at + gone :])


STATUS = {
    "id": "1", "occurred_at": "2026-11-02T15:04:05Z", "contact_id": "c" * 32, "correlation_id": "1",
    "channel": "whatsapp", "account": "1", "status": "delivered", "provider_message_id": CANARY,
    "pricing": {"billable": True}, "conversation": {"id": "k"}, "error": {"code": "1", "title": "x"},
}  # fmt: skip


@given(st.sampled_from(places(STATUS)), JSON, st.binary(max_size=40))
def test_an_export_with_anything_in_it_is_read_line_by_line(
    tmp_path_factory: pytest.TempPathFactory, place: tuple[Any, ...], other: Any, junk: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "export.jsonl"
    lines = [json.dumps(STATUS).encode(), json.dumps(with_other(STATUS, place, other)).encode(), junk]
    path.write_bytes(b"\n".join(lines).replace(b"PAR1", b"par1"))
    items = [item for _, item in read_export(path)]
    assert len(items) >= 2
    assert not isinstance(items[0], Unreadable)
    assert all(CANARY not in item.detail for item in items if isinstance(item, Unreadable))


def test_times_that_no_calendar_has_do_not_end_the_reading_of_a_parquet_file(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = [{**{key: str(value) for key, value in STATUS.items() if not isinstance(value, dict)}}] * 3
    table = pa.Table.from_pylist(rows)
    times = pa.array([1_700_000_000_000_000, 2**62, -(2**62)], pa.timestamp("us", tz="UTC"))
    at = table.schema.get_field_index("occurred_at")
    parquet.write_table(table.set_column(at, "occurred_at", times), tmp_path / "odd.parquet")
    items = [item for _, item in read_export(tmp_path / "odd.parquet")]
    assert [isinstance(item, Unreadable) for item in items] == [False, True, True]


@given(st.binary(max_size=200), st.integers(0, 3000), st.integers(0, 100))
def test_a_parquet_file_that_was_cut_or_changed_is_refused_or_read(
    tmp_path_factory: pytest.TempPathFactory, put: bytes, at: int, gone: int
) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    whole = tmp_path_factory.getbasetemp() / "whole.parquet"
    if not whole.exists():
        parquet.write_table(pa.Table.from_pylist([{"id": "1", "account": "2"}]), whole)
    body, path = whole.read_bytes(), tmp_path_factory.getbasetemp() / "changed.parquet"
    path.write_bytes(b"PAR1" + (body[:at] + put + body[at + gone :])[4:])
    with suppress(ExportError):
        list(read_export(path))


# --- what stands on topics -------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from(["dlq_reason", "dlq_topic", "dlq_service", "dlq_offset", "x"]),
                          st.binary(max_size=12))))  # fmt: skip
def test_a_dead_letter_with_any_headers_is_read_or_refused(headers: list[tuple[str, bytes]]) -> None:
    with suppress(ValueError):
        DeadLetter.from_record(b"k", b"v", headers)


@given(st.sampled_from(ALL), JSON | st.binary(max_size=60))
def test_no_value_on_a_topic_breaks_its_reader_and_no_reason_repeats_it(topic: Any, value: Any) -> None:
    class Record:
        key = b"c" * 32

    record: Any = Record()
    record.topic = topic.name
    record.value = (
        value if isinstance(value, bytes) else json.dumps({"id": CANARY, "content": value}).encode()
    )
    with pytest.raises(UndecodableError) as refused:
        decode(record, {one.name: one.event for one in ALL})
    assert CANARY not in str(refused.value)
