"""Schemathesis asks every described operation, with what its schema allows and with what it does not.

Whatever comes, no answer is a server's error, none says how the service is made, and no operation that asks
for a token answers without one. VENTANILLA_FUZZ is how many cases each operation gets; the seed is fixed.
"""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from support.fleet import TOKEN_KEY, Fleet
from ventanilla.access import Role, issue_token

CASES = os.environ.get("VENTANILLA_FUZZ", "30")
SEED = "20261125"

_INNARDS = re.compile(r'Traceback|File ".+\.py"|line \d+, in |site-packages|\.py:\d+')

pytestmark = pytest.mark.timeout(600)


def attack(fleet: Fleet, service: str, role: Role, folder: Path) -> str:
    """What Schemathesis found; empty when nothing."""
    token = issue_token(TOKEN_KEY, "fuzz", role)
    report = folder / f"{service}-{role.value}.har"
    done = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "run", f"{fleet.url(service)}/openapi.json",
            "--header", f"Authorization: Bearer {token}",
            "--checks", "not_a_server_error,ignored_auth",
            "--phases", "examples,coverage,fuzzing", "--max-examples", CASES, "--seed", SEED,
            "--request-timeout", "30", "--continue-on-failure", "--warnings", "off",
            "--report", "har", "--report-har-path", str(report),
        ],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = "" if done.returncode == 0 else done.stdout + done.stderr
    told = _INNARDS.search(report.read_text(encoding="utf-8"))
    return found + (f"\nan answer says {told[0]}" if told else "")


@pytest.mark.parametrize(
    ("service", "role"),
    [
        ("ingest", Role.ADMIN),
        ("router", Role.ADMIN),
        ("bot", Role.ADMIN),
        ("billing", Role.FINANCE),
        ("billing", Role.AGENT),
        ("agent-gateway", Role.ADMIN),
        ("agent-gateway", Role.AGENT),
        ("sandbox", Role.ADMIN),
    ],
)
async def test_whatever_is_asked_no_answer_is_a_servers_error(
    fleet: Fleet, service: str, role: Role, tmp_path: Path
) -> None:
    before = fleet.log(service).count('"level": "error"')
    assert await asyncio.to_thread(attack, fleet, service, role, tmp_path) == ""
    assert fleet.log(service).count('"level": "error"') == before
    async with httpx.AsyncClient(base_url=fleet.url(service)) as client:
        assert (await client.get("/health/ready")).status_code == 200
