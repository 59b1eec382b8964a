"""`python -m support.fault_page` writes docs/operations/faults.md from the last run of the faults."""

import json
import os
import platform
import sys
from datetime import UTC, datetime

from stack.state import CHECKOUT
from support.fault_table import RESULTS, Row

PAGE = CHECKOUT / "docs" / "operations" / "faults.md"

_HEAD = """\
# Faults, and what became of them

Made by `make faults` on {day} ({cores} cores, Python {python}; Apache Kafka, mongo-java-server, the
services and the citizens on one machine; `tests/faults/`). In each row 24 citizens write at random moments
while something breaks. A ledger holds every message that ingest accepted. Afterwards it is checked that each
was processed once, that all were told the same and in the same order, that the provider took every part, and
that the sessions are the oracle's.

- **accepted**: messages that ingest answered with 200; all of the citizens' were answered in the end. In the
  rows of overload they are nearly all a flood's, whose senders wait in a queue: each stands on the topic.
- **turned away**: webhooks that could not be kept (503, or no answer). They came again, as the provider sends
  them for 7 days.
- **repeats**: sends that the provider took twice. It is the one repeat that nobody can rule out: the provider
  takes a send, and the sender dies, or stops waiting, before the answer comes.
- **recovery**: from the end of the fault until somebody who wrote at that moment had his answer, in seconds.

| what was broken | accepted | turned away | repeats | recovery, s |
| --- | ---: | ---: | ---: | ---: |
"""


def page(rows: list[Row], day: datetime, cores: int) -> str:
    """The whole page."""
    head = _HEAD.format(day=f"{day:%-d %B %Y}", cores=cores, python=platform.python_version())
    return head + "".join(
        f"| {row.fault} | {row.messages} | {row.turned_away} | {row.repeats} | {row.recovery_seconds} |\n"
        for row in rows
    )


def main() -> None:
    if not RESULTS.exists():
        sys.exit("no result is kept; run `make faults` first")
    rows = [Row(**one) for one in json.loads(RESULTS.read_text(encoding="utf-8"))]
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(rows, datetime.now(UTC), os.cpu_count() or 0), encoding="utf-8")


if __name__ == "__main__":
    main()
