"""Where a test finds Kafka and MongoDB, and what they are: the embedded engines, or the real ones."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.engines import start_engines
from stack.topics import apply

CHOICE = "VENTANILLA_TEST_ENGINES"
"""`embedded`, which it is when unset, or `real`."""
KAFKA, MONGO = "VENTANILLA_KAFKA_BOOTSTRAP", "VENTANILLA_MONGO_URL"
"""With `real`: running engines of the tests' own, in place of those that would be started."""


@dataclass(frozen=True)
class RunningEngines:
    """Where Kafka and MongoDB answer."""

    kafka: str
    """Bootstrap string, `host:port`."""
    mongo: str
    """URL, `mongodb://host:port`."""


def are_real() -> bool:
    """Whether this run is on the engines that operators have. Raises `ValueError` for an unknown choice."""
    choice = os.environ.get(CHOICE, "embedded")
    if choice not in ("embedded", "real"):
        raise ValueError(f"{CHOICE} is {choice!r}; write embedded or real")
    return choice == "real"


@contextmanager
def running_engines(
    folder: Path, make_topics: Callable[[str], Coroutine[Any, Any, object]] = apply
) -> Iterator[RunningEngines]:
    """Engines of the chosen kind below `folder`, with every topic and no record, while the context lasts.

    Blocks.
    """
    with _started(folder) as running, ThreadPoolExecutor(1) as outside:  # this thread may have a loop
        outside.submit(lambda: asyncio.run(make_topics(running.kafka))).result()
        yield running


@contextmanager
def _started(folder: Path) -> Iterator[RunningEngines]:
    if not are_real():
        with start_engines(folder) as embedded:
            yield RunningEngines(embedded.kafka, embedded.mongo)
        return
    # Imported here: a run on the embedded engines needs no Java.
    from engines.apache_kafka import ApacheKafka
    from engines.documents import start_documents
    from engines.given import emptied

    with ExitStack() as stack:
        kafka, mongo = os.environ.get(KAFKA), os.environ.get(MONGO)
        if kafka:
            with ThreadPoolExecutor(1) as outside:
                outside.submit(emptied, kafka).result()
        else:
            kafka = stack.enter_context(ApacheKafka(folder)).bootstrap
        if not mongo:
            documents = start_documents(folder)
            stack.callback(documents.stop)
            mongo = f"mongodb://127.0.0.1:{documents.port}"
        yield RunningEngines(kafka, mongo)
