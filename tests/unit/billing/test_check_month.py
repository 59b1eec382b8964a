"""The checker that imports nothing of ours: it passes what is right, and finds each kind of tampering."""

import ast
import csv
import io
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.proof.digest import LedgerLine, digest
from billing.proof.recompute import recompute
from billing.proof.sheet import row, title
from support.exports import LATER, ZONE_NAME, json_lines
from support.statuses import ACCOUNT, echo, status
from ventanilla.contracts.channel import Channel, DeliveryStatus
from ventanilla.contracts.conversation import ContactLinked
from ventanilla.contracts.event import Event

CHECKER = Path("docs/contracts/check_month.py").resolve()
ZONE = ZoneInfo(ZONE_NAME)
NOVEMBER = datetime(2023, 11, 1, 6, tzinfo=UTC)
"""Its first moment in the institution's zone."""
ANA, EVA, LUZ = "a" * 32, "b" * 32, "c" * 32
K = DeliveryStatus


def at(hours: float) -> datetime:
    return NOVEMBER + timedelta(hours=hours)


EVENTS: list[Event] = [
    status(ANA, "a0", at(-10)),  # this window reaches into November
    status(ANA, "a1", at(5)),
    status(ANA, "a2", at(20)),
    status(ANA, "a3", at(30), K.READ),
    status(ANA, "a4", at(44)),  # exactly 24 hours after a2
    status(EVA, "e1", at(100)),
    status(EVA, "e1", at(101), K.READ),
    status(LUZ, "l1", at(110)),  # the same person as Eva
    status(ANA, "a5", at(29 * 24 + 23)),  # the last night; its window reaches into December
    status(ANA, "a6", at(30 * 24 + 5)),
    status(ANA, "a7", at(31 * 24)),  # December
    status(ANA, "a8", at(200), K.FAILED),
    ContactLinked(
        id="link", occurred_at=at(120), contact_id=LUZ, correlation_id="link", alias_id=LUZ, canonical_id=EVA,
        merged=True, channel=Channel.WHATSAPP, account=ACCOUNT,
    ),
]  # fmt: skip


def ledger(events: Iterable[Event]) -> list[LedgerLine]:
    return recompute(enumerate(events), ZONE, LATER).lines  # type: ignore[arg-type]


def sheet(lines: Iterable[LedgerLine], month: str) -> str:
    return title() + "".join(row(line) for line in lines if line.month == month)


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Runs the checker as an auditor does, on November with October before it."""

    def run(statuses: bytes, october: str | None, november: str) -> tuple[int, str]:
        (tmp_path / "statuses.jsonl").write_bytes(statuses)
        files = [("2023-10.csv", october), ("2023-11.csv", november)]
        for name, text in files:
            if text is not None:
                (tmp_path / name).write_text(text, newline="")
        names = [name for name, text in files if text is not None]
        options = ["--month", "2023-11", "--zone", ZONE_NAME]
        done = subprocess.run(
            [sys.executable, "-I", CHECKER, *options, "statuses.jsonl", *names],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.stderr == ""
        return done.returncode, done.stdout

    return run


OCTOBER, GOOD = (sheet(ledger(EVENTS), month) for month in ("2023-10", "2023-11"))


def test_it_imports_nothing_of_ours_and_nothing_that_must_be_installed() -> None:
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(CHECKER.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
        )
    }
    assert imported <= sys.stdlib_module_names


def test_a_right_month_is_ok_with_the_digest_of_its_statement(check: Callable[..., tuple[int, str]]) -> None:
    november = [line for line in ledger(EVENTS) if line.month == "2023-11"]
    expected = digest("2023-11", "whatsapp", ACCOUNT, november)
    assert check(json_lines(EVENTS), OCTOBER, GOOD) == (
        0, f"OK 2023-11 whatsapp {ACCOUNT}: 4 sessions, sha256 {expected}\n",
    )  # fmt: skip


def test_the_order_and_repetition_of_statuses_do_not_matter(check: Callable[..., tuple[int, str]]) -> None:
    assert check(json_lines([*EVENTS, *reversed(EVENTS)]), OCTOBER, GOOD)[0] == 0


def test_a_month_without_anything_is_ok(check: Callable[..., tuple[int, str]]) -> None:
    code, out = check(b"", None, sheet([], "2023-11"))
    assert (code, out) == (0, "OK 2023-11: no sessions, and no message that needs one\n")


Rows = list[list[str]]


def edited(change: Callable[[Rows], object]) -> str:
    table = list(csv.reader(io.StringIO(GOOD, newline="")))
    change(table)
    text = io.StringIO()
    csv.writer(text).writerows(table)
    return text.getvalue()


def moved(cells: list[str], hours: float) -> None:
    for place in (4, 5):
        later = datetime.fromisoformat(cells[place]) + timedelta(hours=hours)
        cells[place] = later.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("november", "says"),
    [
        (edited(lambda table: table.pop(1)), "no window covers"),
        (edited(lambda table: table.pop()), "no window covers"),
        (edited(lambda table: table.append(table[1])), "less than 24 hours apart"),
        (
            edited(lambda table: table.append([*table[1][:3], "d" * 32, *table[1][4:]])),
            "opens with no message",
        ),
        (edited(lambda table: moved(table[1], 0.5)), "opens with no message"),
        (edited(lambda table: moved(table[1], -1)), "opens with no message"),
        (edited(lambda table: table[1].__setitem__(5, table[2][5])), "not 24 hours long"),
        (edited(lambda table: table[1].__setitem__(6, "7")), "says 7 messages and has 2"),
        (edited(lambda table: table[1].__setitem__(6, "two")), "cannot be read"),
        (edited(lambda table: table[1].__setitem__(0, "2023-10")), "did not open in 2023-10"),
        (edited(lambda table: table[1].__setitem__(2, "000")), "no window covers"),
        (edited(lambda table: table[1].__setitem__(1, "messenger")), "no window covers"),
        (edited(lambda table: table[1].__setitem__(4, "yesterday")), "cannot be read"),
        (edited(lambda table: table[1].pop()), "cannot be read"),
        (edited(lambda table: table.pop(0)), "first line is not"),
        ("", "first line is not"),
    ],
)
def test_each_tampering_with_the_sessions_is_found(
    check: Callable[..., tuple[int, str]], november: str, says: str
) -> None:
    code, out = check(json_lines(EVENTS), OCTOBER, november)
    assert code == 1
    assert says in out
    assert "OK" not in out


def without(message: str) -> list[Event]:
    return [one for one in EVENTS if getattr(one, "provider_message_id", None) != message]


def changed(message: str, **update: object) -> list[Event]:
    return [
        one.model_copy(update=update) if getattr(one, "provider_message_id", None) == message else one
        for one in EVENTS
    ]


@pytest.mark.parametrize(
    ("statuses", "says"),
    [
        (json_lines(without("a2")), "opens with no message"),
        (json_lines(without("a3")), "says 2 messages and has 1"),
        (json_lines(without("a6")), "says 2 messages and has 1"),
        (json_lines([*EVENTS, status(ANA, "new", at(300))]), "no window covers"),
        (json_lines([*EVENTS, status(ANA, "new", at(21))]), "says 2 messages and has 3"),
        (json_lines([*EVENTS, status(ANA, "a4", at(43))]), "opens with no message"),
        (json_lines(changed("a4", occurred_at=at(45))), "opens with no message"),
        (json_lines(changed("a4", contact_id=EVA)), "no window covers"),
        (json_lines(changed("a4", account="000")), "no window covers"),
        (json_lines(changed("a4", status=K.SENT)), "opens with no message"),
        (json_lines(changed("a8", status=K.DELIVERED)), "no window covers"),
        (json_lines(EVENTS[:-1]), "no window covers"),
        (json_lines(EVENTS)[:-30], "cannot be read"),
        (json_lines(EVENTS) + b"what\n", "cannot be read"),
    ],
)
def test_each_tampering_with_the_statuses_is_found(
    check: Callable[..., tuple[int, str]], statuses: bytes, says: str
) -> None:
    code, out = check(statuses, OCTOBER, GOOD)
    assert code == 1
    assert says in out


def test_hiding_a_window_of_the_month_before_is_found(check: Callable[..., tuple[int, str]]) -> None:
    events = [status(ANA, "a-", at(-300)), *EVENTS]
    october = sheet(ledger(events), "2023-10")
    header, first, second = october.splitlines(keepends=True)
    assert check(json_lines(events), october, GOOD)[0] == 0
    assert check(json_lines(events), header + first, GOOD)[0] == 1
    assert check(json_lines(events), header + second, GOOD)[0] == 1


def test_what_had_settled_under_an_id_before_it_was_joined_may_stay_there_and_nothing_else(
    check: Callable[..., tuple[int, str]],
) -> None:
    link = ContactLinked(
        id="late", occurred_at=at(400), contact_id=ANA, correlation_id="link", alias_id=ANA, canonical_id=EVA,
        merged=True, channel=Channel.WHATSAPP, account=ACCOUNT,
    )  # fmt: skip
    apart = [status(ANA, "a", at(30)), status(EVA, "e", at(31)), status(ANA, "b", at(390))]
    events = [*apart, link]
    assert check(json_lines(events), None, sheet(ledger(events), "2023-11"))[0] == 0
    code, out = check(json_lines(events), None, sheet(ledger(apart), "2023-11"))
    assert code == 1
    assert "under an id that had been joined to another" in out


HISTORY = st.lists(
    st.tuples(
        st.sampled_from([ANA, EVA]), st.integers(0, 6),
        st.one_of(st.integers(-60, 100), st.sampled_from([-24, 0, 24, 48])), st.sampled_from(list(K)),
    ),
    max_size=20,
)  # fmt: skip
LATE = st.one_of(st.just(0), st.integers(0, 9 * 24), st.integers(45 * 24, 60 * 24))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(
    HISTORY, st.lists(LATE, min_size=20, max_size=20), st.dictionaries(st.integers(0, 5), LATE, max_size=3)
)
def test_whatever_we_compute_it_finds_right(
    check: Callable[..., tuple[int, str]],
    history: list[tuple[str, int, int, DeliveryStatus]],
    delays: list[int],
    echoes: dict[int, int],
) -> None:
    """Also of what came after the close, and of what was written on the number's own telephone."""
    events: list[Event] = [
        status(contact, f"{contact[0]}{n}", at(hour), kind, came_at=at(hour + late))
        for (contact, n, hour, kind), late in zip(history, delays, strict=False)
    ]
    events += [echo("a" * 32, f"a{n}", at(0), came_at=at(late)) for n, late in echoes.items()]
    lines = ledger(events)
    code, out = check(json_lines(events), sheet(lines, "2023-10"), sheet(lines, "2023-11"))
    assert code == 0, out
    by_account = groupby((line for line in lines if line.month == "2023-11"), key=lambda line: line.account)
    for account, each in by_account:
        assert digest("2023-11", "whatsapp", account, each) in out


def test_a_window_for_what_came_after_the_close_is_found(check: Callable[..., tuple[int, str]]) -> None:
    late = status("a" * 32, "late", at(200), came_at=at(200 + 45 * 24))
    assert check(json_lines([*EVENTS, late]), OCTOBER, GOOD)[0] == 0
    in_time = late.model_copy(update={"received_at": late.occurred_at})
    edited_later = sheet(ledger([*EVENTS, in_time]), "2023-11")
    code, out = check(json_lines([*EVENTS, late]), OCTOBER, edited_later)
    assert code == 1
    assert "opens with no message" in out
