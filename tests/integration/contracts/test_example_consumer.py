"""The example that other teams start from, run as they would run it, against a real broker."""

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stack.topics import apply
from support.engines import RunningEngines
from support.topics import write, write_raw
from ventanilla.contracts.billing import SessionChange, SessionChanged
from ventanilla.contracts.channel import Channel
from ventanilla.contracts.event import derived_id
from ventanilla.topics import SESSION

EXAMPLE = Path("docs/contracts/example_consumer.py")
OPENED = datetime(2026, 11, 10, 15, 0, tzinfo=UTC)


def change(contact: str, day: int, kind: SessionChange, revision: int, messages: int) -> SessionChanged:
    """The `day`-th session of a contact, as `billing` says it."""
    opened_at = OPENED + timedelta(days=day)
    session = derived_id("session", contact, str(day))
    return SessionChanged(
        id=derived_id("session-change", session, str(revision)), occurred_at=opened_at, contact_id=contact,
        correlation_id=session, session_id=session, change=kind, channel=Channel.WHATSAPP,
        account="106540352242922", opened_at=opened_at, closes_at=opened_at + timedelta(hours=24),
        month=f"{opened_at:%Y-%m}", messages=messages, cause_id="cause", revision=revision,
    )  # fmt: skip


def history(contacts: int) -> list[SessionChanged]:
    """For each contact one session that stands in November, one in December, and one that was voided."""
    return [
        one
        for number in range(contacts)
        for contact in [f"{number:032x}"]
        for one in (
            change(contact, 0, SessionChange.OPENED, 1, 1),
            change(contact, 1, SessionChange.OPENED, 1, 1),
            change(contact, 0, SessionChange.EXTENDED, 2, 5),
            change(contact, 1, SessionChange.VOIDED, 2, 0),
            change(contact, 25, SessionChange.OPENED, 1, 2),
        )
    ]


async def start(
    kafka: str, database: Path, group: str, arguments: Sequence[str] = ()
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-u", str(EXAMPLE), "--database", str(database), *arguments,
        env={**os.environ, "VENTANILLA_KAFKA_BOOTSTRAP": kafka, "EXAMPLE_GROUP": group},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def to_the_end(kafka: str, database: Path, group: str) -> tuple[list[str], str]:
    process = await start(kafka, database, group, ["--until-end"])
    try:
        async with asyncio.timeout(60):
            out, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, errors.decode()
    return out.decode().splitlines(), errors.decode()


@pytest.fixture
async def kafka(new_engines: Callable[[], RunningEngines]) -> str:
    engines = new_engines()
    await apply(engines.kafka)
    return engines.kafka


async def test_the_example_goes_on_where_it_stopped(kafka: str, tmp_path: Path) -> None:
    events, database = history(40), tmp_path / "sessions.db"
    await write(kafka, SESSION, events[:100])
    lines, _ = await to_the_end(kafka, database, "team")
    assert lines[-2:] == ["2026-11  whatsapp  20 sessions", "2026-12  whatsapp  20 sessions"]
    assert len(lines) == 100 + 2
    await write(kafka, SESSION, events[100:])
    lines, _ = await to_the_end(kafka, database, "team")
    assert lines[-2:] == ["2026-11  whatsapp  40 sessions", "2026-12  whatsapp  40 sessions"]
    assert len(lines) == 100 + 2


async def test_the_example_counts_exactly_though_it_is_killed_and_reads_everything_again(
    kafka: str, tmp_path: Path
) -> None:
    totals = ["2026-11  whatsapp  300 sessions", "2026-12  whatsapp  300 sessions"]
    first, second = history(300)[:700], history(300)[700:]
    await write(kafka, SESSION, first)
    await write_raw(kafka, SESSION.name, b"someone", b"not json", [("ce_type", SESSION.name.encode())])
    await write_raw(kafka, SESSION.name, b"someone", None)
    await write(kafka, SESSION, second + first[:50])

    database = tmp_path / "sessions.db"
    killed = await start(kafka, database, "killed")
    assert killed.stdout is not None
    async with asyncio.timeout(60):
        line = (await killed.stdout.readline()).decode()
    killed.kill()
    await killed.communicate()
    assert "whatsapp" in line
    assert "(event " in line

    # Another group has no offsets: it reads the topic from its start, the harder case.
    lines, errors = await to_the_end(kafka, database, "from the start")
    assert lines[-2:] == totals
    assert errors.count("cannot read") == 2

    lines, _ = await to_the_end(kafka, database, "from the start once more")
    assert lines == totals, "nothing is new, so nothing but the totals is printed"

    lines, _ = await to_the_end(kafka, tmp_path / "another.db", "a stranger")
    assert lines[-2:] == totals
