"""The budget over HTTP: what finance reads."""

from pathlib import Path

from support.billing import TOKEN_KEY, Billing, own_config
from support.engines import RunningEngines
from ventanilla.access import Role, issue_token


async def test_finance_reads_where_the_budget_stands(billing: Billing, engines: RunningEngines) -> None:
    async with billing(engines) as api:
        answer = await api.get("/v1/budget")
        agent = {"Authorization": f"Bearer {issue_token(TOKEN_KEY, 'eva', Role.AGENT)}"}
        refused = await api.get("/v1/budget", headers=agent)
    assert answer.status_code == 200
    budget = answer.json()
    # The case's budget ended in 2023, and nothing was metered then.
    assert {name: budget[name] for name in ("amount", "spent", "committed", "left", "forecast_left")} == {
        "amount": "30000.00", "spent": "26894.00", "committed": "0.00", "left": "3106.00",
        "forecast_left": "3106.00",
    }  # fmt: skip
    assert [one["month"] for one in budget["months"]][::7] == ["2023-05", "2023-12"]
    assert [one["left"] for one in budget["months"]][:2] == ["26045.00", "22768.00"]
    assert (budget["plan"], budget["exceeded_in"]) == ("movistar", None)
    assert refused.status_code == 403


async def test_an_institution_without_a_budget_is_told_how_to_have_one(
    billing: Billing, engines: RunningEngines, tmp_path: Path
) -> None:
    async with billing(engines, own_config(tmp_path)) as api:
        answer = await api.get("/v1/budget")
    assert answer.status_code == 404
    assert "put a budget.yaml beside" in answer.json()["detail"]
