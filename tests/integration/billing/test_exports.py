"""A month as files: what is exported can be checked by the page that imports nothing of ours."""

import asyncio
import csv
import io
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pyarrow.parquet
import pytest

from support.billing import TOKEN_KEY, Billing
from support.engines import RunningEngines
from support.exports import ZONE_NAME, export_file
from support.statuses import status
from support.topics import write
from ventanilla.access import Role, issue_token
from ventanilla.topics import STATUS

OPENED = datetime(2024, 3, 10, 15, tzinfo=UTC)
MONTH = {"month": "2024-03"}


async def settled(api: httpx.AsyncClient, account: str, sessions: int) -> dict[str, object]:
    async with asyncio.timeout(20):
        while True:
            answer = await api.get("/v1/statement", params=MONTH)
            assert answer.status_code == 200
            for one in answer.json()["accounts"]:
                if one["account"] == account and one["sessions"] == sessions:
                    found: dict[str, object] = one
                    return found | {"settled": answer.json()["settled"]}
            await asyncio.sleep(0.1)


async def test_an_exported_month_passes_the_checker_with_the_statements_digest(
    engines: RunningEngines, billing: Billing, tmp_path: Path
) -> None:
    account, contacts = f"={uuid4().hex}", [uuid4().hex for _ in range(40)]
    events = [
        status(
            contact, f"wamid.{place}.{n}", OPENED + timedelta(minutes=place, hours=11 * n), account=account
        )
        for place, contact in enumerate(contacts)
        for n in range(5)
    ]
    async with billing(engines) as api:
        await write(engines.kafka, STATUS, events)
        statement = await settled(api, account, 80)
        exported = await api.get("/v1/sessions.csv", params=MONTH)
        parquet = await api.get("/v1/sessions.parquet", params=MONTH)
    assert statement["messages"] == 200
    assert statement["settled"] is True
    assert exported.headers["content-type"].startswith("text/csv")
    assert 'filename="sessions-2024-03.csv"' in exported.headers["content-disposition"]

    table = list(csv.reader(io.StringIO(exported.text, newline="")))
    mine = [cells for cells in table if cells[2] == f"'{account}"]  # no formula for a spreadsheet
    assert len(mine) == 80
    rows = pyarrow.parquet.read_table(io.BytesIO(parquet.content)).to_pylist()
    assert len(rows) == len(table) - 1
    assert sum(one["messages"] for one in rows if one["account"] == account) == 200

    text = io.StringIO(newline="")
    csv.writer(text).writerows([table[0], *mine])
    (tmp_path / "2024-03.csv").write_text(text.getvalue(), newline="")
    checker = await asyncio.create_subprocess_exec(
        sys.executable, "docs/contracts/check_month.py", "--month", "2024-03", "--zone", ZONE_NAME,
        export_file(tmp_path, events), tmp_path / "2024-03.csv", stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await checker.communicate()
    assert said.decode() == f"OK 2024-03 whatsapp {account}: 80 sessions, sha256 {statement['digest']}\n"


@pytest.mark.parametrize("path", ["/v1/sessions.csv", "/v1/sessions.parquet", "/v1/statement"])
async def test_exports_are_for_finance_and_name_a_month(
    engines: RunningEngines, billing: Billing, path: str
) -> None:
    agent = {"Authorization": f"Bearer {issue_token(TOKEN_KEY, 'eva', Role.AGENT)}"}
    async with billing(engines) as api:
        assert (await api.get(path, params=MONTH, headers=agent)).status_code == 403
        assert (await api.get(path, params={"month": "2024-13"})).status_code == 422
        assert (await api.get(path)).status_code == 422
        assert (await api.get(path, params={"month": "1900-01"})).status_code == 200
        assert (await api.get(path, params={"month": "2999-12"})).status_code == 200
