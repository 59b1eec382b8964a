"""A statement bills what stood when its month closed; what came later is paid apart, and never twice."""

from decimal import Decimal
from pathlib import Path

from billing.domain.closing import closes_at
from billing.domain.statement import Before, adjusted, statement, usage_of
from billing.plans.loader import load_terms
from ventanilla.contracts.billing import StatementAdjustment, StatementLine
from ventanilla.contracts.channel import Channel
from ventanilla.institution import load_institution

CONFIG = Path("deploy/config/cnr.yaml")
INSTITUTION = load_institution(CONFIG)
TERMS = load_terms(CONFIG, INSTITUTION)
ACCOUNT = next(one.id for one in INSTITUTION.accounts if one.channel is Channel.WHATSAPP and not one.replay)


def line(sessions: int) -> StatementLine:
    return StatementLine(
        channel=Channel.WHATSAPP, account=ACCOUNT, sessions=sessions, messages=2 * sessions, digest="d" * 64
    )


def adjustment(month: str, least: int, most: int) -> StatementAdjustment:
    return StatementAdjustment(
        channel=Channel.WHATSAPP, account=ACCOUNT, month=month, messages=5,
        sessions_at_least=least, sessions_at_most=most,
    )  # fmt: skip


CLOSES = closes_at("2023-06", INSTITUTION.zone, INSTITUTION.metering.settling)


def test_a_month_is_billed_by_the_plan_of_the_contract() -> None:
    closed = statement("2023-06", CLOSES, [line(28_010)], [], {}, TERMS)
    assert (closed.plan, closed.prices_of, closed.currency) == ("movistar", "2023-05", "USD")
    assert closed.cost == Decimal("3278.17")  # 3,277.00 and ten sessions at 0.1171, which the plan assumes
    assert closed.adjustments_cost_at_least == closed.adjustments_cost_at_most == 0
    assert statement("2023-06", CLOSES, [line(28_010)], [], {}, TERMS) == closed


def test_adjustments_cost_what_they_add_to_their_own_month() -> None:
    before = {"2023-05": Before(usage_of([line(27_995)]), usage_of([line(27_995)]))}
    closed = statement("2023-06", CLOSES, [line(100)], [adjustment("2023-05", 3, 15)], before, TERMS)
    assert closed.cost == Decimal("3277.00")
    assert closed.adjustments_cost_at_least == 0, "three more are still included"
    assert closed.adjustments_cost_at_most == Decimal("1.17"), "ten of fifteen are not"


def test_what_an_earlier_statement_adjusted_is_not_paid_again() -> None:
    billed = usage_of([line(28_000)])
    before = {"2023-05": adjusted(Before(billed, billed), [adjustment("2023-05", 10, 10)])}
    closed = statement("2023-06", CLOSES, [], [adjustment("2023-05", 10, 10)], before, TERMS)
    assert closed.adjustments_cost_at_least == closed.adjustments_cost_at_most == Decimal("1.17")


def test_an_echo_that_was_billed_gives_money_back() -> None:
    billed = usage_of([line(28_010)])
    before = {"2023-05": Before(billed, billed)}
    closed = statement("2023-06", CLOSES, [], [adjustment("2023-05", -10, 0)], before, TERMS)
    assert closed.adjustments_cost_at_least == Decimal("-1.17")
    assert closed.adjustments_cost_at_most == 0


def test_a_month_that_was_never_billed_on_an_account_begins_at_nothing() -> None:
    after = adjusted(Before(), [adjustment("2023-05", -1, 2)])
    assert [one.quantity for one in (*after.least, *after.most)] == [0, 2]
