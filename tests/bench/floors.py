"""Router and billing against two loops by hand: what the same records cost when nothing is decided.

Each run is filled anew and consumed by all three in turn, so that a noisy moment falls on all.
"""

from statistics import median

from bench.child import child
from bench.keyed import SUBJECTS, fill
from bench.report import Result
from bench.sizes import Benchmark, Size, Start

_ROUNDS = 4
"""Messages of each contact in a run."""
FLOOR_TARGET = 0.8
ECHO_TARGET = 0.5


def against_loops(name: str) -> Benchmark:
    """The benchmark of one of `SUBJECTS`: messages a second, against the floor loop and the raw echo."""

    async def measure(start: Start, size: Size) -> list[Result]:
        rates: dict[str, list[float]] = {"ours": [], "floor": [], "echo": []}
        used: dict[str, list[float]] = {"ours": [], "floor": [], "echo": []}
        subject, document_bytes = SUBJECTS[name], 0
        with start() as engines:
            where = engines.kafka, engines.mongo
            for _ in range(size.runs):
                await fill(engines.kafka, subject, size.messages, size.messages // _ROUNDS)
                ours = await child("keyed", name, *where, size.messages)
                document_bytes = ours["document_bytes"]
                by_hand = (subject.topic.name, size.messages, document_bytes)
                floor = await child("by_hand", "floor", *where, *by_hand)
                echo = await child("by_hand", "echo", *where, *by_hand)
                for kind, figures in (("ours", ours), ("floor", floor), ("echo", echo)):
                    rates[kind].append(figures["rate"])
                    used[kind].append(figures["processor_us"])
        costs = ", ".join(f"{kind} {median(each):.0f}" for kind, each in used.items())
        notes = f"documents of {document_bytes:,} bytes; processor time in microseconds a message: {costs}"
        return [
            Result(name, "floor loop", "messages/s", rates["ours"], rates["floor"], FLOOR_TARGET, notes),
            Result(name, "raw echo", "messages/s", rates["ours"], rates["echo"], ECHO_TARGET),
        ]

    return measure
