"""`ventanilla demo` on a running stack: a whole day, and every figure adds up."""

import json
import subprocess
import sys

import pytest

from stack.state import CHECKOUT
from support.stack import TestStack


@pytest.mark.timeout(900)
def test_a_recorded_day_adds_up(stack: TestStack) -> None:
    demo = subprocess.run(
        [sys.executable, "-m", "stack", "demo", "--json"],
        env=stack.environment, cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert demo.returncode == 0, demo.stderr
    figures = json.loads(demo.stdout)
    assert figures["conversations"] >= 300
    assert figures["received"] >= 1000
    assert set(figures["by_area"]) >= {"rprh", "comercio", "rpi", "igcn", "rgm"}
    assert figures["sessions"] > 300
    assert 0 < figures["p50_ms"] <= figures["p99_ms"]
    assert all(check["ok"] for check in figures["checks"])
