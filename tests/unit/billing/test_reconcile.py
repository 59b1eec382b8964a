"""`ventanilla reconcile`: the provider's invoice against our statuses, line by line and unit by unit."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from billing.commands.proof import reconcile_invoice
from billing.proof.invoice import InvoiceError, InvoiceLine, read_invoice
from billing.proof.reading import Item
from billing.proof.reconcile import Message, Outcome, Reconciliation, our_messages, reconcile
from support.exports import ZONE_NAME, export_file
from support.statuses import ACCOUNT, echo, status
from ventanilla.contracts.channel import (
    DeliveryStatus,
    MessageStatus,
    ProviderConversation,
    ProviderPricing,
)

ZONE = ZoneInfo(ZONE_NAME)
START = datetime(2023, 11, 10, 15, tzinfo=UTC)
MONTH = "2023-11"
ANA = "a" * 32
K = DeliveryStatus
PRICES = {"service": Decimal("0.0100"), "utility": Decimal("0.0200")}
app = typer.Typer()
app.command()(reconcile_invoice)


def told(
    message: str,
    hours: float = 0,
    kind: DeliveryStatus = K.DELIVERED,
    *,
    conversation: str | None = None,
    model: str = "PMP",
    category: str = "service",
    billable: bool = True,
) -> MessageStatus:
    """A status with what the provider says of its price."""
    return status(ANA, message, START + timedelta(hours=hours), kind).model_copy(
        update={
            "pricing": ProviderPricing(billable=billable, model=model, category=category),
            "conversation": conversation
            and ProviderConversation(id=conversation, expires_at=START + timedelta(hours=24)),
        }
    )


def line(
    message: str | None, hours: float = 0, *, number: int = 2, conversation: str | None = None,
    category: str = "service", billable: bool = True, amount: str = "0.0100",
) -> InvoiceLine:  # fmt: skip
    return InvoiceLine(
        number, message, conversation, START + timedelta(hours=hours), category, billable, Decimal(amount)
    )


def known(statuses: Sequence[MessageStatus]) -> dict[str, Message]:
    return our_messages(enumerate(statuses, start=1), frozenset(), Counter())


def of(lines: Sequence[InvoiceLine], statuses: Sequence[MessageStatus]) -> Reconciliation:
    return reconcile(lines, known(statuses), MONTH, ZONE, PRICES)


def cbp(message: str, hours: float = 0) -> MessageStatus:
    """One of a conversation that is priced as such."""
    return told(message, hours, conversation="c1", model="CBP")


@pytest.mark.parametrize(
    ("lines", "statuses", "expected"),
    [
        ([line("m1")], [told("m1")], [("matched", ())]),
        ([line("m1")], [told("m1", -1, K.SENT), told("m1")], [("matched", ())]),
        ([line("m1")], [told("m1", kind=K.READ)], [("matched", ())]),
        ([line("m1", 0.0001)], [told("m1")], [("matched", ())]),
        ([line("m1", 1)], [told("m1")], [("different", ("time",))]),
        ([line("m1", category="utility")], [told("m1")], [("different", ("category",))]),
        ([line("m1", amount="0.0200")], [told("m1")], [("different", ("amount",))]),
        ([line("m1")], [told("m1", billable=False)], [("different", ("billable", "amount"))]),
        ([line("m1", billable=False, amount="0")], [told("m1", billable=False)], [("matched", ())]),
        ([line("m1", -400)], [told("m1", -400)], [("different", ("other_month",))]),
        ([line("m1")], [], [("theirs_only", ("unknown_message",))]),
        ([line("m1")], [told("m1", kind=K.SENT)], [("theirs_only", ("never_delivered",))]),
        ([line("m1"), line("m1", number=3)], [told("m1")],
         [("matched", ()), ("theirs_only", ("billed_twice",))]),
        ([], [told("m1")], [("ours_only", ("not_invoiced",))]),
        ([], [told("m1", billable=False)], [("ours_only", ("not_billable",))]),
        ([], [told("m1", kind=K.FAILED)], []),
        ([], [told("m1", -400)], []),
        # By conversation, where the provider prices so: one line for all its messages.
        ([line(None, conversation="c1")], [cbp("m1"), cbp("m2", 1)], [("matched", ())]),
        ([line("m2", conversation="c1")], [cbp("m1"), cbp("m2", 1)], [("matched", ())]),
        ([line(None, 24, conversation="c1")], [cbp("m1")], [("different", ("after_expiration",))]),
        ([line("m1", conversation="c2")], [cbp("m1")], [("different", ("conversation",))]),
        ([line("m1", conversation="c1"), line("m2", conversation="c1")], [cbp("m1"), cbp("m2")],
         [("matched", ()), ("theirs_only", ("billed_twice",))]),
        ([], [cbp("m1"), cbp("m2")], [("ours_only", ("not_invoiced",))]),
        ([line(None, conversation="c9")], [], [("theirs_only", ("unknown_conversation",))]),
        # Under per-message pricing a conversation's id means no session.
        ([line(None, conversation="c1")], [told("m1", conversation="c1")],
         [("theirs_only", ("conversation_not_priced",)), ("ours_only", ("not_invoiced",))]),
    ],
)  # fmt: skip
def test_where_each_line_and_each_unit_ends(
    lines: list[InvoiceLine], statuses: list[MessageStatus], expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert [(one.outcome.value, one.reasons) for one in of(lines, statuses).findings] == expected


def test_the_sums_are_exact() -> None:
    found = of(
        [line("m1"), line("m2", amount="0.03"), line("m3", amount="-1.000000000001")],
        [told("m1"), told("m2"), told("m4"), told("m5", category="utility")],
    )
    assert [(found.invoiced(outcome), found.expected(outcome)) for outcome in Outcome] == [
        (Decimal("0.0100"), Decimal("0.0100")),
        (Decimal("0.03"), Decimal("0.0100")),
        (Decimal(0), Decimal("0.0300")),
        (Decimal("-1.000000000001"), Decimal(0)),
    ]
    unpriced = reconcile([], known([told("m1", category="marketing")]), MONTH, ZONE, PRICES)
    assert unpriced.expected(Outcome.OURS_ONLY) is None


IDS = st.sampled_from([f"m{n}" for n in range(6)])
CONVERSATIONS = st.sampled_from([None, "c1", "c2"])
HOURS = st.integers(-500, 500)
STATUSES = st.lists(
    st.builds(
        lambda message, hours, kind, conversation, model, billable: told(
            message, hours, kind, conversation=conversation, model=model, billable=billable
        ),
        IDS, HOURS, st.sampled_from(list(K)), CONVERSATIONS, st.sampled_from(["PMP", "CBP"]), st.booleans(),
    ),
    max_size=15,
)  # fmt: skip
LINES = st.lists(
    st.builds(
        lambda message, hours, conversation, billable: line(
            message, hours, conversation=conversation, billable=billable
        ),
        st.one_of(st.none(), IDS), HOURS, CONVERSATIONS, st.booleans(),
    ),
    max_size=12,
)  # fmt: skip


@given(LINES, STATUSES, st.data())
def test_every_line_and_every_unit_ends_exactly_once_whatever_the_order_of_statuses(
    lines: list[InvoiceLine], statuses: list[MessageStatus], data: st.DataObject
) -> None:
    lines = [InvoiceLine(n, *_fields(one)) for n, one in enumerate(lines, start=2)]
    found = of(lines, statuses)
    again = data.draw(st.permutations([*statuses, *statuses]))
    assert of(lines, again).findings == found.findings

    with_line = [one for one in found.findings if one.outcome is not Outcome.OURS_ONLY]
    assert [one.line for one in with_line] == [one.line for one in lines]
    assert sum(found.invoiced(outcome) for outcome in Outcome) == sum(one.amount for one in lines)

    paired = [one.unit for one in found.findings if one.outcome in (Outcome.MATCHED, Outcome.DIFFERENT)]
    alone = [one.unit for one in found.findings if one.outcome is Outcome.OURS_ONLY]
    units = {message.unit or name for name, message in known(statuses).items() if message.at is not None}
    assert sorted(map(str, paired + alone)) == sorted({str(one) for one in paired + alone})
    assert {*paired, *alone} <= units
    assert len(paired) + len(alone) + found.outside_month == len(units)


def _fields(one: InvoiceLine) -> tuple[str | None, str | None, datetime, str, bool, Decimal]:
    return one.message_id, one.conversation_id, one.time, one.category, one.billable, one.amount


HEADER = "message_id,conversation_id,time,category,billable,amount\n"
ROW = "m1,,2023-11-10T15:00:00Z,SERVICE,true,0.0100\n"
TOTAL = "TOTAL,,1,,,0.01\n"
WHOLE = HEADER + ROW + TOTAL


def test_an_invoice_is_read_with_any_order_of_columns_and_with_others() -> None:
    text = "note,amount,billable,category,time,conversation_id,message_id\r\n"
    text += "x,0.0100,TRUE,Service,2023-11-10T09:00:00-06:00,,m1\r\n"
    assert read_invoice(("\ufeff" + text + "TOTAL,0.0100,,,1,,\r\n").encode()) == [line("m1")]
    assert read_invoice(WHOLE.encode()) == [line("m1")]
    assert read_invoice(WHOLE.rstrip("\n").encode()) == [line("m1")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1: the file is empty"),
        (HEADER, "line 1: no TOTAL line"),
        (HEADER + ROW, "line 2: no TOTAL line at the end: the invoice is truncated"),
        (HEADER + ROW + ROW[:20], "line 3: 3 columns instead of 6"),
        (HEADER + ROW + '"m2', "the file was cut"),
        (HEADER + ROW + ROW + TOTAL, "TOTAL says 1 lines, the file has 2"),
        (HEADER + ROW + "TOTAL,,1,,,0.02\n", "TOTAL says 0.02, the lines sum to 0.0100"),
        (HEADER + ROW + "TOTAL,,1,,,\n", "TOTAL: amount is not a plain decimal"),
        (WHOLE + ROW, "line 4: stands after the TOTAL line"),
        (WHOLE.replace("0.0100", "1e3"), "line 2: amount is not a plain decimal"),
        (WHOLE.replace("0.0100", "NaN"), "line 2: amount is not"),
        (WHOLE.replace("0.0100", '"0,01"'), "line 2: amount is not"),
        (WHOLE.replace("15:00:00Z", "15:00:00"), "line 2: time has no offset"),
        (WHOLE.replace("2023-11-10T15", "0001-01-01T00"), "line 2: time is outside"),
        (WHOLE.replace("2023-11-10T15:00:00Z", "10/11/23"), "line 2: time is not ISO 8601"),
        (WHOLE.replace("true", "yes"), "line 2: billable is neither"),
        (WHOLE.replace("m1", ""), "line 2: neither message_id nor conversation_id"),
        (WHOLE.replace("amount", "total"), "line 1: each of amount"),
        (WHOLE.replace("m1", "m\xff"), "line 2: not UTF-8"),
    ],
)
def test_an_invoice_that_cannot_be_trusted_is_refused_with_the_line(text: str, says: str) -> None:
    with pytest.raises(InvoiceError, match=says):
        read_invoice(text.encode("latin-1"))


@given(st.integers(0, len(WHOLE) - 1))
def test_no_cut_of_an_invoice_passes_for_a_whole_one(length: int) -> None:
    cut = WHOLE[:length]
    if cut == WHOLE.rstrip("\n"):
        return
    with pytest.raises(InvoiceError):
        read_invoice(cut.encode())


def run(
    tmp_path: Path, invoice: str, statuses: Sequence[MessageStatus], *options: str
) -> tuple[int, str, str]:
    path = tmp_path / "invoice.csv"
    path.write_text(invoice)
    export = export_file(tmp_path, statuses)
    result = CliRunner().invoke(app, [str(path), "--statuses", str(export), *options])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_says_that_they_agree(tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, WHOLE, [told("m1")], "--json", "--price", "service=0.0100")
    answer = json.loads(out)
    assert code == 0
    assert answer["agrees"] is True
    assert answer["month"] == MONTH
    assert answer["outcomes"]["matched"] == {
        "count": 1, "reasons": {}, "invoiced": "0.0100", "expected": "0.0100",
    }  # fmt: skip


def test_the_command_names_what_does_not_agree(tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, WHOLE, [told("m2"), told("m3", billable=False)])
    assert code == 1
    assert "line 2: theirs_only: unknown_message" in out
    assert "not on the invoice: ours_only: not_invoiced: m2" in out
    assert "m3" not in out
    assert "they do not agree" in out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--month", "2023-13"], "write it as YYYY-MM"),
        (["--price", "service=cheap"], "write CATEGORY=AMOUNT"),
    ],
)
def test_a_wrong_option_is_a_sentence(tmp_path: Path, options: list[str], says: str) -> None:
    code, _, told_ = run(tmp_path, WHOLE, [], *options)
    assert (code, says in told_) == (2, True)


def test_a_truncated_invoice_is_a_sentence(tmp_path: Path) -> None:
    code, _, told_ = run(tmp_path, HEADER + ROW, [told("m1")])
    assert code == 2
    assert "the invoice is truncated" in told_


def test_unreadable_statuses_and_rehearsals_do_not_pass_unnoticed(tmp_path: Path) -> None:
    rehearsal = told("m2").model_copy(update={"account": "106540352242999"})
    assert rehearsal.account != ACCOUNT
    code, _, _ = run(tmp_path, WHOLE, [told("m1"), rehearsal])
    assert code == 0
    (tmp_path / "bad.jsonl").write_bytes(told("m1").model_dump_json().encode() + b"\n\n{\n")
    result = CliRunner().invoke(
        app, [str(tmp_path / "invoice.csv"), "--statuses", str(tmp_path / "bad.jsonl"), "--json"]
    )
    assert result.exit_code == 1
    assert json.loads(result.stdout)["statuses_unreadable"] == {"not_json": 1}


def test_what_was_written_on_the_numbers_own_telephone_is_not_expected_on_the_invoice() -> None:
    statuses = [status("a" * 32, "wamid.1", START), status("a" * 32, "wamid.2", START)]
    items: list[Item] = [*statuses, echo("a" * 32, "wamid.2", START)]
    assert list(our_messages(enumerate(items, start=1), frozenset(), Counter())) == ["wamid.1"]
