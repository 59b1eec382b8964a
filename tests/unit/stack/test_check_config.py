"""What a person reads who made a mistake in the institution's file."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from stack.cli import app
from stack.state import CHECKOUT

CASE = (CHECKOUT / "deploy" / "config" / "cnr.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("was", "becomes", "place", "said"),
    [
        (
            "time_zone: America/El_Salvador",
            "time_zone: El Salvador",
            "time_zone",
            "no IANA time zone; write one like",
        ),
        (
            "queue: rprh\n",
            "queue: rph\n",
            "areas.rprh.queue",
            "no queue is named 'rph'; use one of rprh, comercio",
        ),
        (
            "schedule: office, area: igcn",
            "schedule: ofice, area: igcn",
            "queues.igcn.schedule",
            "use one of office",
        ),
        (
            "schedule: office, area: rgm",
            "schedule: office, area: rmg",
            "queues.rgm.area",
            "no area is named 'rmg'",
        ),
        (
            "default_queue: general",
            "default_queue: x",
            "default_queue",
            "no queue is named 'x'",
        ),
        (
            "short_name: Comercio",
            "short_nam: Comercio",
            "areas.comercio.short_nam",
            "correct its spelling",
        ),
        (
            "short_name: Comercio",
            "short_name: CCCCCCCCCCCCCCCCCCCCCCCCC",
            "areas.comercio.short_name",
            "24 characters; shorten it",
        ),
        (
            'wed: ["07:30-16:00"]',
            'wed: ["16:00-07:30"]',
            "schedules.office.weekly.wed.0",
            "ends after it begins",
        ),
        (
            'wed: ["07:30-16:00"]',
            'wed: ["7.30-16"]',
            "schedules.office.weekly.wed.0",
            'quoted: "07:30-16:00"',
        ),
        (
            'wed: ["07:30-16:00"]',
            'mie: ["07:30-16:00"]',
            "schedules.office",
            "'mie' is no weekday; use mon, tue",
        ),
        (
            'start: "08-01"',
            'start: "08-32"',
            "schedules.office.yearly_closures.0",
            "is not a day of the year",
        ),
        (
            "country: SV",
            "country: ZZ",
            "schedules.office.holidays",
            "country 'ZZ'; write an ISO 3166 code",
        ),
        (
            "bot_idle: 60m",
            "bot_idle: 60",
            "conversation.bot_idle",
            "45s, 30m, 24h or 10d",
        ),
        (
            "at_exhaustion: go_on",
            "at_exhaustion: stop",
            "allotments.0.at_exhaustion",
            "should be 'go_on', 'replies_only' or 'bot_only'; write one of these",
        ),
        (
            "at_exhaustion: go_on",
            "at_exhaustion: replies_only\n  - {channel: webchat, plan: tigo, conversations: 1}",
            "allotments.1.plan",
            "whose plan is 'movistar' above; write that",
        ),
        (
            "persona de {queue}",
            "persona de {cola}",
            "texts.queued",
            "{cola} has no value here; this text may use {queue}",
        ),
        (
            "conversación con {queue}",
            "conversación con {queue",
            "texts.reopened",
            "write a brace that is meant as such",
        ),
        (
            "channel: webchat\n    id: web\n",
            'channel: whatsapp\n    id: "106540352242922"\n',
            "accounts.1",
            "whatsapp '106540352242922' is listed above; remove one of them",
        ),
        (
            "  bot_misses: 2",
            "  bot_misses: 2\n  bot_misses: 3",
            "conversation.bot_misses",
            "stands there twice; keep one",
        ),
        (
            "name: Centro Nacional",
            "nombre: Centro Nacional",
            "name",
            "Field required; add it",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line_its_place_and_its_fix(
    tmp_path: Path, was: str, becomes: str, place: str, said: str
) -> None:
    assert was in CASE
    text = CASE.replace(was, becomes, 1)
    file = tmp_path / "own.yaml"
    file.write_text(text, encoding="utf-8")

    result = CliRunner().invoke(app, ["check-config", str(file)])

    assert result.exit_code == 1
    [line] = [line for line in result.stderr.splitlines() if f": {place}: " in line]
    assert said in line
    number = int(line.removeprefix(f"{file}:").split(":")[0])
    last_step = place.rsplit(".", 1)[-1]
    if not last_step.isdecimal() and last_step not in ("name", "office", "holidays"):
        assert last_step in text.splitlines()[number - 1]


@pytest.mark.parametrize(
    ("was", "becomes", "place", "said"),
    [
        (
            "[50, 80, 90, 100]",
            "[50, 80]",
            "allotments.0.thresholds_percent",
            "bot_only waits for 100 percent, which is never said; add 100",
        ),
        (
            "  bot_only:",
            "  # bot_only:",
            "texts.bot_only",
            "bot_only needs what to tell the citizen instead of an agent; add it",
        ),
    ],
)
def test_a_policy_that_could_not_be_obeyed_is_refused(
    tmp_path: Path, was: str, becomes: str, place: str, said: str
) -> None:
    text = CASE.replace("at_exhaustion: go_on", "at_exhaustion: bot_only")
    file = tmp_path / "own.yaml"
    file.write_text(text.replace(was, becomes, 1), encoding="utf-8")
    result = CliRunner().invoke(app, ["check-config", str(file)])
    assert result.exit_code == 1
    assert f": {place}: {said}" in result.stderr


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(
        CASE.replace("queue: rprh", "queue: a").replace("queue: rgm", "queue: b"), encoding="utf-8"
    )
    result = CliRunner().invoke(app, ["check-config", str(file)])
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == [
        "areas.rprh.queue",
        "areas.rgm.queue",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("areas: [", ":1: expected the node content"),
        ("- a\n- b\n", ":1: the file must be a mapping with `id`, `name`"),
        ("", ":1: the file must be a mapping"),
    ],
)
def test_a_file_of_another_shape_is_told_so(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(app, ["check-config", str(file)])
    assert result.exit_code == 1
    assert f"{file}{said}" in result.stderr


def test_a_missing_file_is_told_so(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check-config", str(tmp_path / "none.yaml")])
    assert result.exit_code == 1
    assert "cannot be read (No such file or directory); give the path of the file" in result.stderr


def test_a_sound_file_is_summed_up_in_one_line() -> None:
    result = CliRunner().invoke(app, ["check-config", str(CHECKOUT / "deploy" / "config" / "cnr.yaml")])
    assert result.exit_code == 0
    assert "OK: Centro Nacional de Registros, 5 areas, 6 queues" in result.stdout
