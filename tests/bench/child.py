"""What is measured runs in a process of its own, as it does in production: nothing else uses its loop."""

import asyncio
import json
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import uvloop

from ventanilla.collecting import collect_rarely

Figures = dict[str, Any]


async def child(module: str, *arguments: object) -> Figures:
    """Run `python -m bench.<module>` and return what its `answer` said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"bench.{module}", *map(str, arguments), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{module} {arguments[0]} ended with status {process.returncode}")
    figures: Figures = json.loads(output.splitlines()[-1])
    return figures


def answer(work: Coroutine[Any, Any, Figures]) -> None:
    """In the child: run `work` as a service runs, on its event loop, and print its figures."""
    collect_rarely()
    print(json.dumps(uvloop.run(work)))


def megabytes(field: str) -> float:
    """`VmRSS`, what this process has, or `VmHWM`, the most it ever had.

    Not `ru_maxrss`: that begins with what the parent had when it started this process.
    """
    line = next(one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith(field))
    return int(line.split()[1]) / 1024
