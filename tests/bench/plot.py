"""The plot of a report: ratios as bars with their targets, and a panel for each series."""

from math import ceil
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.report import Report, Result, Series

_COLUMNS = 2


def draw(report: Report, path: Path) -> Path:
    """Write the SVG; the same report gives the same file."""
    panels = bool(report.results) + len(report.series)
    rows = max(1, ceil(panels / _COLUMNS))
    with mpl.rc_context({"svg.hashsalt": "ventanilla", "font.size": 9}):
        figure = Figure(figsize=(12, 3.6 * rows), layout="constrained")
        places = iter(range(1, panels + 1))
        if report.results:
            _ratios(figure.add_subplot(rows, _COLUMNS, next(places)), report.results)
        for one in report.series:
            _series(figure.add_subplot(rows, _COLUMNS, next(places)), one)
        figure.suptitle(f"Ventanilla on the {report.engines} engines")
        figure.savefig(path, metadata={"Date": None})
    return path


def _ratios(axes: Axes, results: list[Result]) -> None:
    names = [f"{one.name}\nagainst {one.baseline}" for one in results]
    axes.barh(names, [one.ratio for one in results], color="#3b6ea5")
    for place, one in enumerate(results):
        axes.text(one.ratio, place, f" {one.ratio:.2f}", va="center")
        if one.target is not None:
            axes.plot([one.target] * 2, [place - 0.4, place + 0.4], color="#c0392b", linewidth=2)
    axes.invert_yaxis()
    axes.set_title("Rate, ours / baseline (red: target)")


def _series(axes: Axes, series: Series) -> None:
    for label, values in series.lines.items():
        axes.plot(series.places, values, marker="o", label=label)
    if series.target is not None:
        axes.axhline(series.target, color="#c0392b", linestyle="--", linewidth=1)
    axes.set_ylim(bottom=0)
    axes.set_title(series.name)
    axes.set_xlabel(series.against)
    axes.set_ylabel(series.unit)
    axes.legend()
