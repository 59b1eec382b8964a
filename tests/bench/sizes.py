"""How much a benchmark does."""

from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from bench.report import Result, Series
from support.engines import RunningEngines
from ventanilla.topics import PARTITIONS


class Start(Protocol):
    """New engines with every topic and no record, while the context lasts."""

    def __call__(self, partitions: int = PARTITIONS) -> AbstractContextManager[RunningEngines]:
        """`partitions` of every topic but those of dead letters."""
        ...


@dataclass(frozen=True)
class Size:
    """The usual run; `QUICK` is for a look, and its figures are rough."""

    runs: int = 3
    """Of ours and of the baseline, in turn."""
    requests: int = 40_000
    messages: int = 48_000
    """For each run of a consumer."""
    statuses: int = 300_000
    through: int = 4_000
    """Messages through everything, for its capacity."""
    load_seconds: float = 30
    open_conversations: tuple[int, ...] = (1_000, 10_000, 100_000)
    partitions: tuple[int, ...] = (1, 6, 24)


QUICK = Size(
    runs=1, requests=8_000, messages=4_000, statuses=20_000, through=400, load_seconds=5,
    open_conversations=(1_000, 5_000), partitions=(1, 6),
)  # fmt: skip

Benchmark = Callable[[Start, Size], Coroutine[Any, Any, Sequence[Result | Series]]]
