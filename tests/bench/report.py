"""What a benchmark reports, as a table, a plot and JSON."""

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Result:
    """Rates of alternating runs of ours and of a baseline, in `unit`; the ratio is of their medians."""

    name: str
    baseline: str
    unit: str
    ours_runs: list[float]
    baseline_runs: list[float]
    target: float | None = None
    notes: str = ""

    @property
    def ratio(self) -> float:
        return median(self.ours_runs) / median(self.baseline_runs)


@dataclass(frozen=True)
class Series:
    """Figures against something that grows: for each of `lines`, a value at each of `places`."""

    name: str
    places: list[str]
    unit: str
    lines: dict[str, list[float]]
    against: str = ""
    """What the places are."""
    target: float | None = None
    """In `unit`."""
    notes: str = ""


@dataclass
class Report:
    """Everything measured in one run, on one pair of engines."""

    engines: str
    results: list[Result] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)

    def add(self, *found: Result | Series) -> None:
        for one in found:
            if isinstance(one, Result):
                self.results.append(one)
            else:
                self.series.append(one)

    def show(self) -> None:
        """Tables on the terminal."""
        console = Console(width=None if os.isatty(1) else 140)
        if self.results:
            console.print(self._ratios())
        for one in self.series:
            console.print(_table(one))
        notes = [(each.name, each.notes) for each in self.results]
        for name, said in notes + [(each.name, each.notes) for each in self.series]:
            if said:
                console.print(f"{name}: {said}", highlight=False)

    def save(self, folder: Path) -> list[Path]:
        """`<engines>.json` and `<engines>.svg` in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        figures = folder / f"{self.engines}.json"
        figures.write_text(json.dumps(self._document(), indent=2) + "\n", encoding="utf-8")
        from bench.plot import draw  # the plot's library takes a second to import

        return [figures, draw(self, folder / f"{self.engines}.svg")]

    def _ratios(self) -> Table:
        table = Table(title=f"Ours against baselines of the same run ({self.engines} engines)")
        for column in ("what", "ours", "baseline", "unit", "ratio", "target"):
            table.add_column(column)
        for one in self.results:
            table.add_row(
                one.name,
                f"{median(one.ours_runs):,.0f}",
                f"{median(one.baseline_runs):,.0f} ({one.baseline})",
                one.unit,
                f"{one.ratio:.2f}",
                "" if one.target is None else f"{one.target:.2f}",
            )
        return table

    def _document(self) -> dict[str, Any]:
        return {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "engines": self.engines,
            "machine": {"cpus": os.cpu_count(), "python": platform.python_version()},
            "results": [{**asdict(one), "ratio": round(one.ratio, 3)} for one in self.results],
            "series": [asdict(one) for one in self.series],
        }


def _table(series: Series) -> Table:
    target = "" if series.target is None else f", target {series.target:,g}"
    table = Table(title=f"{series.name} ({series.unit}{target})")
    table.add_column(series.against)
    for place in series.places:
        table.add_column(place, justify="right")
    for label, values in series.lines.items():
        table.add_row(label, *(f"{value:,.3g}" if value < 100 else f"{value:,.0f}" for value in values))
    return table
