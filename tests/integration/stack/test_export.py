"""`ventanilla export-statuses` on a real topic: exactly a month, exactly as it stands there."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from billing.proof.reading import read_export
from billing.proof.recompute import recompute
from stack.export import ExportError, export_statuses
from support.engines import RunningEngines
from support.exports import LATER, ZONE_NAME
from support.statuses import ACCOUNT, echo, status
from support.topics import write, write_raw
from ventanilla.contracts.channel import Channel, TextOut
from ventanilla.contracts.conversation import BotAnswered, ContactLinked
from ventanilla.topics import CONTACT_LINKED, ECHOED, STATUS

ZONE = ZoneInfo(ZONE_NAME)
DECEMBER = datetime(2021, 12, 1, 6, tzinfo=UTC)
DAY = timedelta(days=1)


async def test_a_month_is_exported_with_a_day_on_either_side_and_can_be_recomputed(
    engines: RunningEngines, tmp_path: Path
) -> None:
    contact, alias = uuid4().hex, uuid4().hex
    inside = [
        status(contact, "m1", DECEMBER - DAY),
        status(contact, "m2", DECEMBER + 3 * DAY),
        status(alias, "m3", DECEMBER + 3.5 * DAY),
        status(contact, "m4", DECEMBER + 32 * DAY - timedelta(microseconds=1)),
    ]
    outside = [
        status(contact, "m0", DECEMBER - DAY - timedelta(microseconds=1)),
        status(contact, "m5", DECEMBER + 32 * DAY),
    ]
    link = ContactLinked(
        id=alias, occurred_at=DECEMBER + 5 * DAY, contact_id=alias, correlation_id=alias, alias_id=alias,
        canonical_id=contact, merged=True, channel=Channel.WHATSAPP, account=ACCOUNT,
    )  # fmt: skip
    await write(engines.kafka, STATUS, [*inside, *outside, *inside])
    await write(engines.kafka, CONTACT_LINKED, [link, with_an_answer(link)])
    await write(engines.kafka, ECHOED, [echo(contact, "m2", DECEMBER + 3 * DAY)])
    await write_raw(engines.kafka, STATUS.name, b"x", b"{")
    path = tmp_path / "statuses.jsonl"
    done = await export_statuses(engines.kafka, "2021-12", ZONE, path)
    assert done.statuses == 8
    assert done.other_months >= 2
    assert done.unreadable >= 1
    read = [item for _, item in read_export(path)]
    assert len(read) == done.statuses + done.links + done.echoes
    assert "Buen día" not in path.read_text(encoding="utf-8")
    assert "Con gusto" not in path.read_text(encoding="utf-8"), "what was written is not exported"
    assert link in read
    found = recompute(read_export(path), ZONE, LATER)
    mine = [line for line in found.lines if line.contact in (contact, alias)]
    assert [(line.contact, line.month, line.messages) for line in mine] == [
        (contact, "2021-11", 1), (contact, "2021-12", 1), (contact, "2022-01", 1),
    ]  # fmt: skip
    assert os.listdir(tmp_path) == ["statuses.jsonl"]


def with_an_answer(link: ContactLinked) -> ContactLinked:
    """As the router passes on what the bot answered to a conversation that has moved."""
    answer = BotAnswered(
        id="an-answer", occurred_at=link.occurred_at, contact_id=link.canonical_id, correlation_id="c",
        conversation_id="x", turn=1, replies=[TextOut(text="Buen día")],
    )  # fmt: skip
    return link.model_copy(update={"id": "passed-on", "passed_on": answer})


async def test_without_a_broker_there_is_a_sentence_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"127\.0\.0\.1:1"):
        await export_statuses("127.0.0.1:1", "2021-12", ZONE, tmp_path / "statuses.jsonl")
    assert os.listdir(tmp_path) == []
