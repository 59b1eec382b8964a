"""Sentences with their right readings, for measuring the bot."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Sentence:
    text: str
    area: str | None
    category: str


def sentences(path: Path) -> list[Sentence]:
    """All of one file of `tests/unit/bot`."""
    return list(_read(path))


def _read(path: Path) -> Iterator[Sentence]:
    for group in yaml.safe_load(path.read_text(encoding="utf-8")):
        for text in group["phrases"]:
            yield Sentence(text, group["area"], group["category"])
