"""A stack's secrets: made once, kept for ever, readable by their owner only."""

import stat
from pathlib import Path

import pytest

from stack.secrets import FILE, KEYS, ensure_secrets, load_secrets, parse


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_start_makes_every_secret_long_and_different(tmp_path: Path) -> None:
    data = tmp_path / ".ventanilla"
    assert ensure_secrets(data) == []
    found = parse((data / FILE).read_text(encoding="utf-8"))
    assert found.keys() == KEYS.keys()
    assert len(set(found.values())) == len(KEYS)
    assert min(map(len, found.values())) >= 43


def test_nobody_else_can_read_them(tmp_path: Path) -> None:
    ensure_secrets(tmp_path / "data")
    assert mode(tmp_path / "data") == 0o700
    assert mode(tmp_path / "data" / FILE) == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == [FILE]


def test_a_second_start_changes_no_byte(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    before = (tmp_path / FILE).read_bytes()
    assert ensure_secrets(tmp_path) == []
    assert (tmp_path / FILE).read_bytes() == before


def test_a_missing_key_is_added_and_what_was_there_stays(tmp_path: Path) -> None:
    mine = "# mine\nVENTANILLA_CONTACT_KEY=kept\nOTHER=1"
    (tmp_path / FILE).write_text(mine, encoding="utf-8")
    (tmp_path / FILE).chmod(0o600)
    [note] = ensure_secrets(tmp_path)
    text = (tmp_path / FILE).read_text(encoding="utf-8")
    assert text.startswith(mine + "\n")
    assert load_secrets(tmp_path, {})["VENTANILLA_CONTACT_KEY"] == "kept"
    assert parse(text).keys() == KEYS.keys() | {"OTHER"}
    assert "VENTANILLA_TOKEN_KEY" in note
    assert "VENTANILLA_CONTACT_KEY" not in note


def test_a_file_that_others_could_read_is_mended_and_reported(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    (tmp_path / FILE).chmod(0o644)
    [note] = ensure_secrets(tmp_path)
    assert mode(tmp_path / FILE) == 0o600
    assert "had mode 0644: others could read it" in note


def test_no_note_tells_a_secret(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("VENTANILLA_CONTACT_KEY=kept\n", encoding="utf-8")
    (tmp_path / FILE).chmod(0o666)
    notes = " ".join(ensure_secrets(tmp_path))
    assert not any(value in notes for value in load_secrets(tmp_path, {}).values())


def test_the_environment_stands_above_the_file(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    found = load_secrets(tmp_path, {"VENTANILLA_TOKEN_KEY": "given", "VENTANILLA_CONTACT_KEY": ""})
    assert found["VENTANILLA_TOKEN_KEY"] == "given"
    assert found["VENTANILLA_CONTACT_KEY"] != ""


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("A=1\nB = 2 \n", {"A": "1", "B": "2"}),
        ("# A=1\n\nnonsense\n", {}),
        ("A=x=y==\n", {"A": "x=y=="}),
        ("A=1\nA=2\n", {"A": "2"}),
    ],
)
def test_lines_are_read_as_shells_read_them(text: str, pairs: dict[str, str]) -> None:
    assert parse(text) == pairs
