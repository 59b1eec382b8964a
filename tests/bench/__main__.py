"""`python -m bench [NAME ...]`: run the benchmarks, print the tables, keep figures and plot."""

import argparse
import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench import changelog, latency, meter_year, open_conversations, partitions, starting, webhook_intake
from bench.floors import against_loops
from bench.partitions import made
from bench.report import Report
from bench.sizes import QUICK, Benchmark, Size
from stack.topics import apply
from support.engines import RunningEngines, are_real, running_engines
from ventanilla.observability import configure_logging
from ventanilla.topics import PARTITIONS

BENCHMARKS: dict[str, Benchmark] = {
    "webhook": webhook_intake.measure,
    "router": against_loops("router"),
    "meter": against_loops("meter"),
    "billing": against_loops("billing"),
    "latency": latency.measure,
    "open": open_conversations.measure,
    "partitions": partitions.measure,
    "starting": starting.measure,
    "changelog": changelog.measure,
    "year": meter_year.measure,
}

MILLION = 1_000_000


def main() -> int:
    options = _options()
    size = QUICK if options.quick else Size()
    if options.statuses:
        size = replace(size, statuses=options.statuses)
    if options.million:
        size = replace(size, open_conversations=(*size.open_conversations, MILLION))
    report = Report("real" if are_real() else "embedded")
    configure_logging("bench", "ERROR")
    for name in options.names or BENCHMARKS:
        print(f"{name} ...", flush=True)
        report.add(*asyncio.run(BENCHMARKS[name](_engines, size)))
        report.save(options.output)  # what is measured is kept, whatever becomes of the next
    report.show()
    print("kept in", *report.save(options.output))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[*BENCHMARKS, []], metavar="NAME", help=", ".join(BENCHMARKS)
    )
    parser.add_argument("--quick", action="store_true", help="a look in a minute or two; rough figures")
    parser.add_argument("--million", action="store_true", help="also a million open conversations: minutes")
    parser.add_argument("--statuses", type=int, help="so many for the year of the meter")
    default = Path(os.environ.get("VENTANILLA_DATA", ".ventanilla")) / "bench"
    parser.add_argument("--output", type=Path, default=default, help="the folder for figures and plot")
    return parser.parse_args()


@contextmanager
def _engines(partitions: int = PARTITIONS) -> Iterator[RunningEngines]:
    async def topics(kafka: str) -> None:
        await made(kafka, partitions)
        if partitions == PARTITIONS:
            await apply(kafka)  # their settings

    with tempfile.TemporaryDirectory() as folder, running_engines(Path(folder), topics) as engines:
        yield engines


if __name__ == "__main__":
    raise SystemExit(main())
