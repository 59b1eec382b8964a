"""Files that people edit: read whole, checked whole, and every problem said with its line and its fix."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError


class ConfigError(Exception):
    """The file cannot be used. `problems` has one line each: file:line, path, problem, fix."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Section(BaseModel):
    """A part of a file: unknown keys are mistakes, values do not change."""

    model_config = ConfigDict(frozen=True, extra="forbid")


S = TypeVar("S", bound=Section)


def load_checked(path: Path, kind: type[S]) -> S:
    """The file as a `kind`. Raises `ConfigError` with every problem, each with its line and its fix."""
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
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise ConfigError([_explain(path, node, problem) for problem in error.errors()]) from None


_FIXES = {
    "missing": "add it",
    "extra_forbidden": "remove it, or correct its spelling",
    "too_short": "give at least one",
}


def _explain(path: Path, node: yaml.Node | None, problem: Any) -> str:
    steps = [step for step in problem["loc"] if isinstance(step, str | int)]
    where = ".".join(str(step) for step in steps) or "the file"
    message = problem["msg"].removeprefix("Value error, ")
    fix = _FIXES.get(problem["type"])
    return f"{path}:{_line(node, steps)}: {where}: {message}" + (f"; {fix}" if fix else "")


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
