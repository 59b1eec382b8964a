"""The forecast as the service gives it: of its sessions, its schedule and the clock; and in the budget."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest

from stack.topics import apply
from support.billing import Billing, own_config
from support.engines import RunningEngines
from support.statuses import status
from support.topics import write
from ventanilla.clock import utc_now
from ventanilla.topics import STATUS

ZONE = ZoneInfo("America/El_Salvador")
DAYS = 9
EACH_DAY = 20


@pytest.fixture
async def fresh(new_engines: Callable[[], RunningEngines]) -> RunningEngines:
    engines = new_engines()
    await apply(engines.kafka)
    return engines


def with_budget(folder: Path, month: str) -> Path:
    """A plan whose prices hold until further notice, and a budget of this month alone."""
    config = own_config(folder, ("conversations: 28000", "conversations: 40"))
    plan = folder / "plans" / "movistar.yaml"
    text = plan.read_text(encoding="utf-8").replace("    to: 2023-12\n", "")
    plan.write_text(text.replace("included: 28000", "included: 40"), encoding="utf-8")
    (folder / "budget.yaml").write_text(
        "name: Este mes\nsource: prueba\ncurrency: USD\namount: '5000.00'\nplan: movistar\n"
        f"first_month: {month}\nlast_month: {month}\n",
        encoding="utf-8",
    )
    return config


async def asked(api: httpx.AsyncClient, path: str, **query: str) -> dict[str, Any]:
    answer = await api.get(path, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def used(api: httpx.AsyncClient, months: set[str], count: int) -> None:
    async with asyncio.timeout(30):
        while sum([(await asked(api, "/v1/balance", month=one))["used"] for one in months]) != count:
            await asyncio.sleep(0.2)


async def test_the_months_end_is_forecast_from_what_was_metered(
    fresh: RunningEngines, billing: Billing, tmp_path: Path
) -> None:
    now = utc_now().astimezone(ZONE)
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
    days = [noon - timedelta(days=back) for back in range(1, DAYS + 1)]
    this_month = f"{now:%Y-%m}"
    async with billing(fresh, with_budget(tmp_path, this_month)) as api:
        empty = await asked(api, "/v1/forecast")
        assert (empty["used"], empty["expected"], empty["low"]) == (0, None, None)

        await write(fresh.kafka, STATUS, [
            status(uuid4().hex, f"wamid.{day:%d}", day) for day in days for _ in range(EACH_DAY)
        ])  # fmt: skip
        months = {f"{day:%Y-%m}" for day in [now, *days]}
        await used(api, months, DAYS * EACH_DAY)

        found = await asked(api, "/v1/forecast")
        counted = sum(day.month == now.month for day in days) * EACH_DAY
        assert (found["month"], found["used"], found["level"]) == (this_month, counted, "0.90")
        assert found["working"]["sampled"] + found["other"]["sampled"] <= DAYS
        assert counted <= found["low"] <= found["expected"] <= found["high"]
        to_come = found["working"]["to_come"] + found["other"]["to_come"]
        assert counted + to_come * EACH_DAY <= found["expected"] <= counted + (to_come + 1) * EACH_DAY
        assert len(found["days"]) == to_come + now.day
        assert found["days"][-1]["expected"] == found["expected"]
        assert found["days"][now.day - 1]["used"] == counted
        if found["expected"] >= 40:
            assert found["exhausted_earliest"] <= found["exhausted_on"]
        beyond = max(0, found["expected"] - 40)
        assert Decimal(found["cost_expected"]) == (3277 + beyond * Decimal("0.1171")).quantize(
            Decimal("0.01")
        )

        said = await asked(api, "/v1/balance")
        assert said["forecast"] == {name: value for name, value in found.items() if name != "days"}
        alone = await asked(api, "/v1/balance", account="106540352242999")
        assert alone["forecast"] is None

        budget = await asked(api, "/v1/budget")
        assert budget["forecast"] == found["cost_expected"]
        assert Decimal(budget["committed"]) <= Decimal(budget["forecast"])


async def test_a_bad_question_is_answered_with_its_reason(engines: RunningEngines, billing: Billing) -> None:
    async with billing(engines) as api:
        for query in ({"month": "2026-13"}, {"channel": "carta"}):
            answer = await api.get("/v1/forecast", params=query)
            assert answer.status_code == 422
        assert (await api.get("/v1/forecast", headers={"Authorization": ""})).status_code == 401
        over = (await api.get("/v1/forecast", params={"month": "2023-05"})).json()
        assert over["used"] == over["expected"] == over["low"] == over["high"] == 0
        later = f"{datetime.now(ZONE) + timedelta(days=400):%Y-%m}"
        assert (await api.get("/v1/forecast", params={"month": later})).status_code == 200
