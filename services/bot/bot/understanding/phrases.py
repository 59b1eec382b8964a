"""The phrases that the bot learns from: a folder of YAML, data of the case."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from pydantic import Field

from bot.understanding import OUTSIDE
from ventanilla.checked_yaml import ConfigError, Section, load_checked

_FILLINGS = 2
"""How many sentences each pattern makes with each file's things and actions."""
_FILLINGS_OUTSIDE = 4
"""The world outside is larger."""


class Patterns(Section):
    """The file `patterns.yaml`: ways of asking, with `{thing}` and `{action}` to be filled in."""

    reported_as: dict[str, str]
    """Intents that are no category, and the category that each counts as."""
    openers: list[str] = Field(min_length=1)
    closers: list[str] = Field(min_length=1)
    patterns: dict[str, list[str]]


class AreaPhrases(Section):
    """A file of one area's phrases by intent; `area` null for what names no area."""

    area: str | None
    things: list[str] = Field(min_length=1)
    actions: list[str] = Field(min_length=1)
    phrases: dict[str, list[str]]


class OutsidePhrases(Section):
    """The file `outside.yaml`: what is none of this institution's business."""

    things: list[str] = Field(min_length=1)
    actions: list[str] = Field(min_length=1)
    phrases: list[str]


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence and its right reading."""

    text: str
    area: str | None
    intent: str


@dataclass(frozen=True, slots=True)
class Phrases:
    """All phrases of a language folder."""

    examples: list[Example]
    openers: list[str]
    closers: list[str]
    reported_as: dict[str, str]


def load_phrases(folder: Path) -> Phrases:
    """Read `phrases/*.yaml` of a language folder. Raises `ConfigError` with every problem."""
    problems: list[str] = []
    loaded: list[AreaPhrases] = []
    root = folder / "phrases"
    names = sorted(path for path in root.glob("*.yaml") if path.stem not in ("patterns", "outside"))
    if not names:
        raise ConfigError([f"{root}: no phrases there; give a language folder with phrases/*.yaml"])
    for path in names:
        try:
            loaded.append(load_checked(path, AreaPhrases))
        except ConfigError as error:
            problems.extend(error.problems)
    if problems:
        raise ConfigError(problems)
    patterns = load_checked(root / "patterns.yaml", Patterns)
    outside = load_checked(root / "outside.yaml", OutsidePhrases)
    examples = [example for file in loaded for example in _of_area(file, patterns)]
    examples.extend(Example(text, None, OUTSIDE) for text in outside.phrases)
    filled = _filled(patterns.patterns, outside.things, outside.actions, _FILLINGS_OUTSIDE)
    examples.extend(Example(text, None, OUTSIDE) for _, text in filled)
    return Phrases(examples, patterns.openers, patterns.closers, patterns.reported_as)


def _of_area(file: AreaPhrases, patterns: Patterns) -> Iterator[Example]:
    for intent, texts in file.phrases.items():
        for text in texts:
            yield Example(text, file.area, intent)
    wanted = {intent: ways for intent, ways in patterns.patterns.items() if file.phrases.get(intent)}
    for intent, text in _filled(wanted, file.things, file.actions):
        yield Example(text, file.area, intent)


def _filled(
    patterns: dict[str, list[str]], things: list[str], actions: list[str], fillings: int = _FILLINGS
) -> Iterator[tuple[str, str]]:
    """Each pattern with the next things or actions in turn, so that each is used about equally often."""
    turn = count()
    for intent, ways in patterns.items():
        for way in ways:
            for _ in range(fillings):
                place = next(turn)
                thing, action = things[place % len(things)], actions[place % len(actions)]
                yield intent, way.format(thing=thing, action=action)
