"""`python -m bench [NAME ...]`: run the benchmarks, print the table, keep the figures."""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from bench import meter_year, router_floor, webhook_intake
from bench.report import save, show
from stack.engines import start_engines

BENCHMARKS = {
    "webhook": webhook_intake.measure,
    "router": router_floor.measure,
    "meter": meter_year.measure,
}


def main(names: list[str]) -> int:
    unknown = set(names) - BENCHMARKS.keys()
    if unknown:
        print(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
        return 2
    results = []
    for name in names or BENCHMARKS:
        with tempfile.TemporaryDirectory() as folder, start_engines(Path(folder)) as engines:
            results.append(asyncio.run(BENCHMARKS[name](engines.kafka, engines.mongo)))
    show(results)
    print(f"kept in {save(results, Path(os.environ.get('VENTANILLA_DATA', '.ventanilla')))}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
