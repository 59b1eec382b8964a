"""What a benchmark reports."""

import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Result:
    """Rates of alternating runs of ours and of the baseline, in `unit`; the ratio is of their medians."""

    name: str
    baseline: str
    unit: str
    ours_runs: list[float]
    baseline_runs: list[float]
    target: float
    notes: str = ""

    @property
    def ratio(self) -> float:
        return median(self.ours_runs) / median(self.baseline_runs)


def show(results: list[Result]) -> None:
    """A table on the terminal."""
    table = Table(title="Benchmarks: ours against a baseline of the same run")
    for column in ("what", "ours", "baseline", "unit", "ratio", "target"):
        table.add_column(column)
    for result in results:
        table.add_row(
            result.name,
            f"{median(result.ours_runs):,.0f}",
            f"{median(result.baseline_runs):,.0f} ({result.baseline})",
            result.unit,
            f"{result.ratio:.2f}",
            f"{result.target:.2f}",
        )
    console = Console()
    console.print(table)
    for result in results:
        if result.notes:
            console.print(f"{result.name}: {result.notes}")


def save(results: list[Result], data: Path) -> Path:
    """`<data>/bench/latest.json`."""
    path = data / "bench" / "latest.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "at": datetime.now(UTC).isoformat(),
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version()},
        "results": [{**asdict(result), "ratio": round(result.ratio, 3)} for result in results],
    }
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return path
