"""Files that people edit: read whole, checked whole, and every problem said with its line and its fix."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError


class ConfigError(Exception):
    """The file cannot be used. `problems` has one line each: file:line, path, problem, fix."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Section(BaseModel):
    """A part of a file: unknown keys are mistakes, values do not change."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class Problem:
    """Something wrong at a place that only a look at the whole file can find."""

    path: tuple[str | int, ...]
    text: str
    """What is wrong, a semicolon, and what to do."""


_PROBLEMS = "problems"


def problems_error(found: list[Problem]) -> PydanticCustomError:
    """For a model's validator to raise: each problem gets a line of its own, with its own place."""
    text = "; ".join(problem.text for problem in found)
    return PydanticCustomError(_PROBLEMS, "{text}", {"text": text, _PROBLEMS: found})


def problems_in(path: Path, *found: Problem) -> ConfigError:
    """For whoever finds, after the file was read, that it does not go with another one."""
    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    return ConfigError([_sentence(path, node, [*one.path], one.text) for one in found])


S = TypeVar("S", bound=Section)


def load_checked(path: Path, kind: type[S], context: object = None) -> S:
    """The file as a `kind`. Raises `ConfigError` with every problem, each with its line and its fix.

    `context` is given to the model's validators, for what only another file can tell.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read ({error.strerror}); give the path of the file"]) from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not YAML"
        raise ConfigError([f"{path}{line}: {problem}; fix the YAML syntax there"]) from None
    if not isinstance(data, dict):
        first = ", ".join(f"`{name}`" for name in list(kind.model_fields)[:3])
        raise ConfigError([f"{path}:1: the file must be a mapping with {first} ..."])
    twice = [f"{path}:{line}: {where}: stands there twice; keep one" for line, where in _duplicates(node)]
    try:
        checked = kind.model_validate(data, context=context)
    except ValidationError as error:
        found = [line for problem in error.errors() for line in _explain(path, node, problem)]
        raise ConfigError([*twice, *found]) from None
    if twice:
        raise ConfigError(twice)
    return checked


_FIXES = {
    "missing": "add it",
    "string_too_long": "shorten it",
    "string_pattern_mismatch": "write it in that form",
    "greater_than_equal": "raise it",
    "extra_forbidden": "remove it, or correct its spelling",
    "too_short": "give at least one",
    "enum": "write one of these",
}


def _explain(path: Path, node: yaml.Node | None, problem: Any) -> Iterator[str]:
    outer = tuple(step for step in problem["loc"] if isinstance(step, str | int))
    if problem["type"] == _PROBLEMS:
        for inner in problem["ctx"][_PROBLEMS]:
            yield _sentence(path, node, [*outer, *inner.path], inner.text)
        return
    message = problem["msg"].removeprefix("Value error, ")
    fix = _FIXES.get(problem["type"])
    yield _sentence(path, node, [*outer], message + (f"; {fix}" if fix else ""))


def _sentence(path: Path, node: yaml.Node | None, steps: list[str | int], text: str) -> str:
    where = ".".join(str(step) for step in steps) or "the file"
    return f"{path}:{_line(node, steps)}: {where}: {text}"


def _duplicates(node: yaml.Node | None, above: tuple[str, ...] = ()) -> Iterator[tuple[int, str]]:
    """Keys that stand twice in one mapping; YAML's reader silently takes the last."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                yield key.start_mark.line + 1, ".".join([*above, name])
            seen.add(name)
            yield from _duplicates(value, (*above, name))
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            yield from _duplicates(value, (*above, str(place)))


def _line(node: yaml.Node | None, steps: list[str | int]) -> int:
    """The line of the deepest node on the path that the file really has."""
    line = 1
    for step in steps:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return line
