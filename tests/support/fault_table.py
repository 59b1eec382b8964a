"""The table of faults: what was broken, how much was going on, and how long it took to be well again."""

import json
import os
import random
from collections.abc import Collection
from dataclasses import asdict, dataclass, field

from stack.state import CHECKOUT

RESULTS = CHECKOUT / ".ventanilla" / "faults" / "latest.json"

LONG = os.environ.get("VENTANILLA_FAULTS") == "long"
"""Every fault, as in `make faults`; otherwise some of each kind."""
SEED = int(os.environ.get("VENTANILLA_SEED", "1"))


def kills(short: int) -> int:
    """How often a random killer strikes: VENTANILLA_KILLS, else 20 times in the long form."""
    return int(os.environ.get("VENTANILLA_KILLS", "20" if LONG else short))


def chosen(faults: Collection[str], short: int) -> list[str]:
    """All of them, or `short` of them by the seed, in their order."""
    few = set(random.Random(SEED).sample(sorted(faults), short))
    return [name for name in faults if LONG or name in few]


@dataclass(frozen=True)
class Row:
    fault: str
    messages: int
    """Accepted while it happened."""
    turned_away: int
    """Webhooks that were not accepted, and came again."""
    repeats: int
    """Sends that the provider took twice."""
    recovery_seconds: float
    """From the end of the fault until somebody who wrote then was answered."""


@dataclass
class FaultTable:
    rows: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Kept at once in .ventanilla/faults/latest.json, where `python -m support.fault_page` finds it."""
        self.rows.append(row)
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text(json.dumps([asdict(one) for one in self.rows], indent=1), encoding="utf-8")
