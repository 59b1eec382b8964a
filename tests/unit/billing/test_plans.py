"""Price plans: the offers as the customer's document has them, and what a mistake in a file is told."""

from decimal import Decimal
from pathlib import Path
from shutil import copyfile

import pytest

from billing.plans.loader import load_budget, load_finances, load_plan, load_plans, load_terms
from billing.plans.models import NoPriceError, Plan, Unit
from billing.plans.offers import (
    BreakEven,
    break_even_price,
    break_even_volumes,
    offer_table,
    with_price_beyond,
)
from billing.plans.pricing import Used, as_if, month_cost
from stack.state import CHECKOUT
from support.billing import own_config
from ventanilla.checked_yaml import ConfigError
from ventanilla.contracts.channel import Channel
from ventanilla.institution import load_institution

CONFIG = CHECKOUT / "deploy" / "config"
PLANS = load_plans(CONFIG / "plans")


def whatsapp(quantity: int) -> list[Used]:
    return [Used("number", Channel.WHATSAPP, Unit.SESSION, quantity)]


def messages(quantity: int, category: str, *, pricing_type: str = "regular", account: str = "one") -> Used:
    return Used(account, Channel.WHATSAPP, Unit.MESSAGE, quantity, category, pricing_type)


@pytest.mark.parametrize(
    ("name", "first", "later", "total"),
    [
        ("movistar", "3955.00", "3277.00", "26894.00"),
        ("tigo", "3904.20", "3226.20", "26487.60"),
    ],
)
def test_an_offer_costs_what_the_document_says(name: str, first: str, later: str, total: str) -> None:
    offer = offer_table(PLANS[name])
    assert [str(month.total) for month in offer.months] == [first] + [later] * 7
    assert [month.month for month in offer.months][::7] == ["2023-05", "2023-12"]
    assert str(offer.total) == total


def test_the_lines_of_tigo_are_the_documents() -> None:
    first = offer_table(PLANS["tigo"]).months[0]
    amounts = {line.name: str(line.amount) for line in first.lines if line.amount}
    assert amounts == {
        "Precio de interacciones": "2378.70",
        "Pago por licencia de WhatsApp": "163.85",
        "Precio por licencias": "683.65",
        "Costo de desarrollo": "678.00",
    }


def test_the_institutions_allotment_is_that_of_the_plan() -> None:
    contract = load_institution(CONFIG / "cnr.yaml").allotment(Channel.WHATSAPP)
    assert contract is not None
    (period,) = PLANS["movistar"].periods
    assert contract.plan == "movistar"
    assert period.usage[0].included == contract.conversations


def test_a_price_that_is_assumed_is_marked_where_it_is_used() -> None:
    assert not offer_table(PLANS["movistar"], 28_000).assumed
    (reason,) = offer_table(PLANS["movistar"], 28_001).assumed
    assert reason.startswith("The document has no price beyond 28,000")
    assert not offer_table(PLANS["tigo"], 1_000).assumed
    assert len(offer_table(PLANS["tigo"], 28_001).assumed) == 2


def test_overage_is_added_up_and_then_rounded_once() -> None:
    # 15 x 0.1171 = 1.7565, which rounds up; fifteen times 0.12 would be 1.80
    assert str(month_cost(PLANS["movistar"], "2023-06", whatsapp(28_015)).total) == "3278.76"


def test_other_channels_are_unlimited_and_free() -> None:
    mail = Used("cnr", Channel.EMAIL, Unit.SESSION, 10**6)
    cost = month_cost(PLANS["movistar"], "2023-06", [mail])
    assert (str(cost.total), cost.unpriced) == ("3277.00", ())


def test_break_even_is_where_the_cheaper_offer_changes() -> None:
    tigo = with_price_beyond(PLANS["tigo"], Decimal("0.005"), "asked")
    # 50.80 a month buys 10,160 conversations beyond the 1,000 that are included
    assert break_even_volumes(PLANS["movistar"], tigo)[:3] == [
        BreakEven(0, "tigo"),
        BreakEven(11_160, None),
        BreakEven(11_161, "movistar"),
    ]
    # ... until what Movistar asks beyond 28,000 makes Tigo the cheaper again.
    assert break_even_volumes(PLANS["movistar"], tigo)[-1].cheaper == "tigo"
    assert break_even_volumes(PLANS["movistar"], PLANS["tigo"]) == [BreakEven(0, "tigo")]


def test_break_even_price_is_what_a_conversation_more_may_cost() -> None:
    price = break_even_price(PLANS["tigo"], PLANS["movistar"], 28_000)
    assert price == Decimal("0.001881")  # 406.40 / (8 x 27,000)
    assert break_even_price(PLANS["tigo"], PLANS["movistar"], 1_000) is None
    assert break_even_price(PLANS["movistar"], PLANS["tigo"], 28_000) is None


def test_a_month_without_prices_is_refused_or_priced_at_the_nearest() -> None:
    with pytest.raises(
        NoPriceError, match="movistar has no prices for 2024-01, only from 2023-05 to 2023-12"
    ):
        month_cost(PLANS["movistar"], "2024-01", [])
    cost = as_if(PLANS["movistar"], "2026-11", whatsapp(10))
    assert (cost.prices_of, str(cost.total)) == ("2023-05", "3277.00")
    assert as_if(PLANS["meta-2026"], "2023-05", []).prices_of == "2025-07"


def test_meta_charges_service_messages_from_october_2026_after_1000_a_number() -> None:
    meta = PLANS["meta-2026"]
    usage = [messages(1_100, "service"), messages(900, "service", account="two")]
    assert str(month_cost(meta, "2026-09", usage).total) == "0.00"
    assert str(month_cost(meta, "2026-10", usage).total) == "1.13"  # 100 of the first number


def test_meta_lets_free_windows_go_free_by_date() -> None:
    meta = PLANS["meta-2026"]
    inside = [messages(100, "utility", pricing_type="free_customer_service")]
    by_advertisement = [messages(5_000, "service", pricing_type="free_entry_point")]
    assert str(month_cost(meta, "2026-09", inside).total) == "0.00"
    assert str(month_cost(meta, "2026-10", inside).total) == "1.13"
    assert str(month_cost(meta, "2026-10", by_advertisement).total) == "0.00"


def test_one_months_events_cost_under_either_unit() -> None:
    usage = [*whatsapp(28_000), messages(90_000, "service")]
    costs = {name: str(as_if(plan, "2026-11", usage).total) for name, plan in PLANS.items()}
    assert costs == {"movistar": "3277.00", "tigo": "3226.20", "meta-2026": "1005.70"}


def test_usage_that_no_line_prices_is_shown() -> None:
    stray = messages(3, "referral")
    assert month_cost(PLANS["meta-2026"], "2026-10", [stray]).unpriced == (stray,)


def test_usage_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="never negative"):
        whatsapp(-1)


TIGO = (CONFIG / "plans" / "tigo.yaml").read_text(encoding="utf-8")
META = (CONFIG / "plans" / "meta-2026.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "was", "becomes", "place", "said"),
    [
        ("tigo", 'price: "2378.70"', "price: 2378.70", "periods.0.monthly.0.price", "a quoted decimal"),
        ("tigo", 'price: "62.15"', 'price: "-62.15"', "periods.0.licences.0.price", "a quoted decimal"),
        ("tigo", "from: 27001", "from: 27005", "periods.0.usage.0.tiers.1.from",
         "units 27001 to 27004 have no price (a gap); write 27001"),
        ("tigo", "from: 27001", "from: 26000", "periods.0.usage.0.tiers.1.from",
         "units 26000 to 27000 have two prices (overlap); write 27001"),
        ("tigo", "from: 1\n", "from: 2\n", "periods.0.usage.0.tiers.0.from", "begin the first tier at 1"),
        ("tigo", "            to: 27000\n", "", "periods.0.usage.0.tiers.0", "say where it ends"),
        ("tigo", "from: 27001\n", "from: 27001\n            to: 90000\n", "periods.0.usage.0.tiers.1.to",
         "units beyond 90000 have no price; leave `to` out"),
        ("tigo", "to: 27000", "to: 0", "periods.0.usage.0.tiers.0.to", "write 1 or more"),
        ("tigo", "included: 1000", "included: unlimited", "periods.0.usage.0.tiers", "beyond unlimited"),
        ("tigo", "included: 1000", "included: -1", "periods.0.usage.0.included", "write 0 for none"),
        ("tigo", "channel: email, included: unlimited", "channel: email, included: 5",
         "periods.0.usage.5.included", "add tiers, or write `unlimited`"),
        ("tigo", "channel: email", "channel: x", "periods.0.usage.5", "a price above; keep one"),
        ("tigo", "channel: email", "channel: fax", "periods.0.usage.5.channel", "Input should be"),
        ("tigo", "to: 2023-12", "to: 2023-11", "offer.months", "before the offer does"),
        ("tigo", "to: 2023-12", "to: 2023-04", "periods.0.to", "write 2023-05 or later"),
        ("tigo", "from: 2023-05", "from: 2023-05-01", "periods.0.from", "one as YYYY-MM"),
        ("tigo", "month: 1", "month: 9", "one_time.0.month", "the plan ends in 2023-12"),
        ("tigo", "unit: session", "unit: message", "periods.0.usage.0", "priced by its category"),
        ("tigo", "id: tigo", "id: other", "id", "name it 'tigo', as the file"),
        ("tigo", "half_up", "up", "rounding.mode", "Input should be"),
        ("meta-2026", "to: 2026-09", "to: 2026-07", "periods.1.from",
         "2026-08 to 2026-09 have no prices (a gap); write 2026-08"),
        ("meta-2026", "to: 2026-09", "to: 2026-10", "periods.1.from",
         "2026-10 to 2026-10 have two prices (overlap); write 2026-11"),
        ("meta-2026", "    to: 2026-09\n", "", "periods.0", "add `to: 2026-09`"),
        ("meta-2026", "unit: message", "unit: session", "periods.0.free_windows", "a matter of messages"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line_its_place_and_its_fix(
    tmp_path: Path, name: str, was: str, becomes: str, place: str, said: str
) -> None:
    original = {"tigo": TIGO, "meta-2026": META}[name]
    assert was in original
    file = tmp_path / f"{name}.yaml"
    file.write_text(original.replace(was, becomes, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_plan(file)
    lines = [line for line in caught.value.problems if f": {place}: " in line]
    assert lines, caught.value.problems
    assert said in lines[0]
    assert lines[0].startswith(f"{file}:")
    assert int(lines[0].removeprefix(f"{file}:").split(":")[0]) >= 1


def test_the_mistakes_of_every_file_are_told_at_once(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text("id: 1\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_plans(tmp_path)
    told = "\n".join(caught.value.problems)
    assert "one.yaml" in told
    assert "two.yaml" in told


def test_a_folder_without_plans_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no plan is there; add one"):
        load_plans(tmp_path)


def test_a_budget_names_a_plan_that_exists_in_its_currency(tmp_path: Path) -> None:
    text = (CONFIG / "budget.yaml").read_text(encoding="utf-8")
    file = tmp_path / "budget.yaml"
    for was, becomes, said in (
        ("plan: movistar", "plan: claro", "no plan is named 'claro'; use "),
        ("plan: movistar", "plan: meta-2026", "meta-2026 has no prices for 2023-05"),
        ("last_month: 2023-12", "last_month: 2024-01", "movistar has no prices for 2024-01"),
        ("currency: USD", "currency: EUR", "movistar is in USD; give the budget in USD"),
        ("last_month: 2023-12", "last_month: 2023-01", "write 2023-05 or later"),
    ):
        assert was in text
        file.write_text(text.replace(was, becomes), encoding="utf-8")
        with pytest.raises(ConfigError, match=said):
            load_budget(file, PLANS)


def test_plans_are_immutable() -> None:
    assert isinstance(PLANS["tigo"], Plan)
    before = PLANS["tigo"].model_dump()
    with_price_beyond(PLANS["tigo"], Decimal(9), "asked")
    assert PLANS["tigo"].model_dump() == before


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        (
            "plan: movistar",
            "plan: movistr",
            "no plan is named 'movistr'; use meta-2026 or movistar or tigo, or add",
        ),
        ("plan: movistar", "plan: meta-2026", "plan meta-2026 counts messages; use a plan of sessions"),
    ],
)
def test_an_allotment_whose_plan_cannot_be_used_is_told_with_its_line(
    tmp_path: Path, was: str, becomes: str, said: str
) -> None:
    path = own_config(tmp_path, (was, becomes))
    institution = load_institution(path)
    with pytest.raises(ConfigError) as caught:
        load_terms(path, institution)
    [problem] = caught.value.problems
    assert said in problem
    assert ": allotments.0.plan: " in problem
    line = path.read_text(encoding="utf-8").splitlines()[int(problem.split(":")[1]) - 1]
    assert line.strip() == becomes


def test_a_channel_with_an_allotment_and_no_price_is_told(tmp_path: Path) -> None:
    path = own_config(tmp_path)
    plan = tmp_path / "plans" / "movistar.yaml"
    text = plan.read_text(encoding="utf-8")
    cut = text.index("      - name: Sesiones de WhatsApp"), text.index("      - {name: Sesiones de chat web")
    plan.write_text(text[: cut[0]] + text[cut[1] :], encoding="utf-8")
    with pytest.raises(
        ConfigError, match=r"allotments\.0\.plan: plan movistar has no price for whatsapp; add it"
    ):
        load_terms(path, load_institution(path))


def test_the_budget_is_for_the_contracts_plan(tmp_path: Path) -> None:
    path = own_config(tmp_path, ("plan: movistar", "plan: tigo"))
    copyfile(CONFIG / "budget.yaml", tmp_path / "budget.yaml")
    with pytest.raises(
        ConfigError, match=r"the allotments' plan is tigo, in own\.yaml; write the same in both"
    ):
        load_finances(path, load_terms(path, load_institution(path)))
