"""`ventanilla recompute`: an export of statuses, whatever its order, repetitions and bad lines."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow
import pyarrow.parquet
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from billing.commands.proof import recompute as command
from billing.proof.digest import LedgerLine, canonical
from billing.proof.reading import ExportError, Item, Unreadable, read_export
from billing.proof.recompute import Recomputed, canonical_contact, recompute
from billing.proof.sheet import row
from support.exports import LATER, ZONE_NAME, export_file
from support.statuses import ACCOUNT, echo, status
from ventanilla.contracts.channel import Channel, DeliveryStatus, MessageStatus, ProviderPricing
from ventanilla.contracts.conversation import ContactLinked

ZONE = ZoneInfo(ZONE_NAME)
START = datetime(2023, 10, 30, tzinfo=UTC)
ANA, EVA = "a" * 32, "b" * 32
K = DeliveryStatus
app = typer.Typer()
app.command()(command)


def of(items: Iterable[Item]) -> Recomputed:
    return recompute(enumerate(items, start=1), ZONE, LATER)


def linked(alias: str, canonical: str, *, merged: bool = True) -> ContactLinked:
    return ContactLinked(
        id=f"{alias}>{canonical}", occurred_at=START, contact_id=alias, correlation_id="link", alias_id=alias,
        canonical_id=canonical, merged=merged, channel=Channel.WHATSAPP, account=ACCOUNT,
    )  # fmt: skip


def oracle(history: Iterable[MessageStatus]) -> list[tuple[str, datetime]]:
    """Contact and opening of every session."""
    direct: dict[tuple[str, str | None], datetime] = {}
    seen: dict[tuple[str, str | None], datetime] = {}
    for one in history:
        for kinds, into in ((["delivered"], direct), (["read", "played"], seen)):
            if one.status in kinds:
                key = one.contact_id, one.provider_message_id
                into[key] = min(into.get(key, one.occurred_at), one.occurred_at)
    opened: list[tuple[str, datetime]] = []
    for (contact, _), at in sorted((seen | direct).items(), key=lambda item: (item[0][0], item[1])):
        if not opened or opened[-1][0] != contact or at - opened[-1][1] >= timedelta(hours=24):
            opened.append((contact, at))
    return opened


MINUTES = st.one_of(
    st.integers(0, 4 * 1440),
    st.builds(lambda day, by: abs(day * 1440 + by), st.integers(0, 4), st.integers(-1, 1)),
)
STATUSES = st.builds(
    lambda contact, message, minute, kind: status(
        contact, f"wamid.{message}", START + timedelta(minutes=minute), kind
    ),
    st.sampled_from([ANA, EVA]),
    st.integers(0, 8),
    MINUTES,
    st.sampled_from([K.SENT, K.DELIVERED, K.DELIVERED, K.READ, K.FAILED, K.PLAYED]),
)


@given(st.lists(STATUSES, max_size=30), st.data())
def test_any_order_and_repetition_gives_the_oracles_sessions_and_every_line_is_accounted_for(
    history: list[MessageStatus], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(history), max_size=10)) if history else []
    bad = [Unreadable("not_json", "")] * data.draw(st.integers(0, 2))
    found = of(data.draw(st.permutations([*history, *again, *bad])))
    assert sorted((line.contact, line.opened_at) for line in found.lines) == oracle(history)
    assert sum(line.messages for line in found.lines) == found.account.counted
    assert found.account.received == len(history) + len(again) + len(bad)
    assert found.account.adds_up()
    assert found.account.quarantined.total() == len(bad)
    delivered = [one for one in [*history, *again] if one.status not in (K.SENT, K.FAILED)]
    assert found.account.counted + found.account.duplicate.total() == len(delivered)


@given(st.lists(STATUSES, max_size=20), st.permutations([(ANA, EVA), (EVA, ANA)]), st.data())
def test_two_ids_of_one_person_are_metered_as_one(
    history: list[MessageStatus], joins: list[tuple[str, str]], data: st.DataObject
) -> None:
    joins = joins[: data.draw(st.integers(1, 2))]
    links = [linked(*join) for join in joins]
    stands = joins[0][1] if len(joins) == 1 else min(ANA, EVA)
    found = of(data.draw(st.permutations([*history, *links, *links])))
    as_one = [one.model_copy(update={"contact_id": stands}) for one in history]
    assert [(line.contact, line.opened_at) for line in found.lines] == oracle(as_one)
    assert found.account.adds_up()


def test_what_had_settled_when_two_ids_were_joined_stays_where_it_was_metered() -> None:
    old, late = status(ANA, "old", START - timedelta(days=12)), status(ANA, "late", START - timedelta(days=2))
    found = of([old, late, status(EVA, "m1", START - timedelta(days=2, hours=1)), linked(ANA, EVA)])
    assert [(line.contact, line.opened_at, line.messages) for line in found.lines] == [
        (ANA, old.occurred_at, 1), (EVA, START - timedelta(days=2, hours=1), 2),
    ]  # fmt: skip


def test_a_link_that_merged_nothing_joins_nothing() -> None:
    found = of([status(ANA, "m1", START), status(EVA, "m2", START), linked(ANA, EVA, merged=False)])
    assert len(found.lines) == 2


def test_ids_joined_in_a_circle_end_at_the_smallest() -> None:
    assert canonical_contact("d", {"d": "c", "c": "b", "b": "c"}) == "b"


DELIVERED, NO_ID = (
    status(ANA, "m1", START),
    status(ANA, "m1", START).model_copy(update={"provider_message_id": None}),
)


@pytest.mark.parametrize(
    ("lines", "counted", "duplicate", "excluded", "quarantined"),
    [
        ([DELIVERED, DELIVERED], 1, {"again": 1}, {}, {}),
        ([status(ANA, "m1", START, K.READ), DELIVERED], 1, {"read": 1}, {}, {}),
        ([status(ANA, "m1", START + timedelta(seconds=1)), DELIVERED], 1, {"conflict": 1}, {}, {}),
        ([status(ANA, "m1", START, kind) for kind in (K.SENT, K.FAILED)], 0, {}, {"not_delivered": 2}, {}),
        ([NO_ID], 0, {}, {"no_message_id": 1}, {}),
        ([status(ANA, "m1", LATER + timedelta(seconds=1))], 0, {}, {}, {"ahead": 1}),
        ([linked(ANA, EVA)], 0, {}, {"contact_linked": 1}, {}),
    ],
)  # fmt: skip
def test_where_lines_go(
    lines: Sequence[Item], counted: int, duplicate: object, excluded: object, quarantined: object
) -> None:
    account = of(lines).account
    assert (account.counted, account.duplicate, account.excluded, account.quarantined) == (
        counted, duplicate, excluded, quarantined,
    )  # fmt: skip


def test_a_conflict_is_shown_with_its_line_and_the_earliest_time_stands() -> None:
    late = status(ANA, "m1", START + timedelta(hours=30))
    found = of([DELIVERED, late])
    assert [line.opened_at for line in found.lines] == [START]
    assert [(one.line, one.reason) for one in found.account.problems] == [(2, "conflict")]


def test_a_message_that_we_never_sent_counts_and_is_marked() -> None:
    ours = status(ANA, "m2", START).model_copy(update={"message_id": "out-1"})
    found = of([DELIVERED, ours, status(ANA, "m2", START, K.READ)])
    assert found.account.counted == 2
    assert found.not_ours == {("2023-10", "whatsapp", ACCOUNT): 1}


def test_one_message_id_at_two_contacts_counts_twice_and_is_told() -> None:
    assert of([status(ANA, "m1", START), status(EVA, "m1", START)]).in_two_meters == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"null", "not_a_status"),
        (b'{"id": "x"}', "not_a_status"),
        (b"[" * 500_000, "not_json"),
        (b"x" * 1_100_000, "too_long"),
        (b"  ", "blank"),
        (DELIVERED.model_dump_json().replace("00:00:00Z", "00:00:00").encode(), "not_a_status"),
        (DELIVERED.model_dump_json().replace("2023-10-30", "0001-01-01").encode(), "impossible_time"),
        (DELIVERED.model_dump_json().replace("2023-10-30", "9999-12-31").encode(), "impossible_time"),
    ],
)  # fmt: skip
def test_a_bad_line_has_its_number_and_its_reason_and_the_rest_is_read(
    line: bytes, reason: str, tmp_path: Path
) -> None:
    good = DELIVERED.model_dump_json().encode()
    path = tmp_path / "export"
    path.write_bytes(b"\n".join([good, line, good]))
    read = list(read_export(path))
    assert [number for number, _ in read] == [1, 2, 3]
    assert isinstance(read[0][1], MessageStatus)
    assert isinstance(read[2][1], MessageStatus)
    assert isinstance(read[1][1], Unreadable)
    assert read[1][1].reason == reason


def run(path: Path, *options: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(path), *options])
    return result.exit_code, result.stdout, result.stderr


def day(events: int = 3) -> list[MessageStatus]:
    return [status(ANA, f"m{n}", START + timedelta(hours=30 * n)) for n in range(events)]


def test_the_command_prints_sessions_by_month_and_account_and_their_cost(tmp_path: Path) -> None:
    code, out, _ = run(export_file(tmp_path, day()), "--json")
    answer = json.loads(out)
    assert code == 0
    october, november = answer["months"]["2023-10"], answer["months"]["2023-11"]
    assert [one["sessions"] for one in october["accounts"] + november["accounts"]] == [2, 1]
    assert october["cost"] == [
        {
            "channel": "whatsapp", "sessions": 2, "included": 28000, "overage": 0, "cost": "3277.00",
            "currency": "USD", "plan": "movistar", "prices_of": "2023-05", "assumed": [],
        }
    ]  # fmt: skip
    assert answer["lines"]["adds_up"] is True


def test_a_rehearsal_and_an_unknown_number_are_shown_and_cost_nothing(tmp_path: Path) -> None:
    events = [
        status(ANA, "m1", START, account="106540352242999"),
        status(ANA, "m2", START, account="000"),
    ]
    _, out, _ = run(export_file(tmp_path, events), "--json")
    month = json.loads(out)["months"]["2023-10"]
    assert [(one["account"], one["billed"]) for one in month["accounts"]] == [
        ("000", False), ("106540352242999", False),
    ]  # fmt: skip
    assert month["cost"] == []


def test_a_bad_line_is_told_and_the_exit_status_says_so(tmp_path: Path) -> None:
    path = export_file(tmp_path, day())
    path.write_bytes(path.read_bytes() + b'{"cut":')
    code, out, told = run(path, "--digest")
    assert code == 1
    assert "line 4: not_json" in told
    assert "4 received = 3 counted + 0 duplicate + 0 excluded + 1 quarantined (not_json 1)" in out
    assert out.count("sha256") == 2


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    code, _, told = run(tmp_path / "none.jsonl")
    assert code == 2
    assert "cannot be read" in told


def test_the_digests_text_is_exact_and_independent_of_order() -> None:
    one = LedgerLine("2023-11", "whatsapp", "1", "ñ", datetime(2023, 11, 2, 9, tzinfo=ZONE), 2)
    other = LedgerLine("2023-11", "whatsapp", "1", "a", datetime(2023, 11, 1, 6, tzinfo=UTC), 1)
    text = (
        b'["ventanilla.sessions.v1","2023-11","whatsapp","1"]\n'
        b'["\\u00f1","2023-11-02T15:00:00.000000Z",2]\n'
        b'["a","2023-11-01T06:00:00.000000Z",1]\n'
    )
    assert canonical("2023-11", "whatsapp", "1", [other, one]) == text
    assert canonical("2023-11", "whatsapp", "1", [one, other]) == text


@pytest.mark.parametrize("cell", ["=1+1", "+503", "-1", "@x", "\tx", "'x"])
def test_no_cell_of_the_sheet_is_a_formula(cell: str) -> None:
    assert f",'{cell}," in row(LedgerLine("2023-11", "whatsapp", cell, "c", START, 1))


def test_parquet_says_the_same_as_json_lines(tmp_path: Path) -> None:
    events: list[Item] = [*day(), status(ANA, "m1", START, K.SENT), linked(ANA, EVA)]
    path = tmp_path / "statuses.parquet"
    values = [event.model_dump(exclude={"seen"}) for event in events if not isinstance(event, Unreadable)]
    columns = {name: [value.get(name) for value in values] for name in values[0] | values[-1]}
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    lines, parquet = of(events), recompute(read_export(path), ZONE, LATER)
    assert (parquet.lines, parquet.account) == (lines.lines, lines.account)


def test_parquet_with_times_as_text_and_nested_columns_is_read(tmp_path: Path) -> None:
    pricing = ProviderPricing(billable=True, model="PMP", category="service")
    event = status(ANA, "m1", START).model_copy(update={"pricing": pricing})
    path = tmp_path / "statuses.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([event.model_dump(mode="json")]), path)
    assert list(read_export(path)) == [(1, event)]


def test_a_cut_parquet_file_is_a_sentence_and_a_bad_row_has_its_number(tmp_path: Path) -> None:
    path = tmp_path / "statuses.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"id": ["x"], "raw": [b"\xff"]}), path)
    assert [(number, type(item)) for number, item in read_export(path)] == [(1, Unreadable)]
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ExportError, match="not a whole Parquet file"):
        list(read_export(path))


def test_what_came_after_its_month_was_closed_is_restated_and_not_billed(tmp_path: Path) -> None:
    in_time = status(ANA, "m1", START)
    late = status(EVA, "m2", START, came_at=START + timedelta(days=60))
    echoed = status(ANA, "m3", START + timedelta(days=2))
    events = [in_time, late, late, echoed, echo(ANA, "m3", START + timedelta(days=2))]
    done = CliRunner().invoke(app, [str(export_file(tmp_path, events)), "--json"])
    answer = json.loads(done.stdout)
    (account,) = answer["months"]["2023-10"]["accounts"]
    assert (account["sessions"], account["restated"]) == (1, {"sessions": 2, "messages": 2})
    assert answer["lines"]["adds_up"]
    assert answer["lines"]["quarantined"] == {"closed": 1}
    assert answer["lines"]["excluded"] == {"echo": 1, "echoed": 1}
    assert done.exit_code == 1, "somebody should look at the adjustment"
    shown = CliRunner().invoke(app, [str(export_file(tmp_path, events))])
    assert "restated by what came after it was closed: 2 sessions, 2 messages" in shown.stdout


@pytest.mark.parametrize("order", [1, -1])
def test_a_message_that_came_late_at_first_is_not_billed_by_its_later_reading(order: int) -> None:
    late = status(ANA, "m1", START, came_at=START + timedelta(days=60))
    read = status(ANA, "m1", START + timedelta(days=61), DeliveryStatus.READ)
    found = of([late, read][::order])
    assert found.lines == []
    assert [line.opened_at for line in found.restated] == [START]
    first = of([read, late.model_copy(update={"received_at": read.occurred_at + timedelta(days=1)})][::order])
    assert [line.opened_at for line in first.lines] == [read.occurred_at]
