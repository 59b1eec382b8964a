"""Making the current contract the promised one. Only additions and new words can be published."""

from collections.abc import Mapping
from pathlib import Path

from ventanilla.contract_docs.compatibility import Problem, Reader, problems
from ventanilla.contract_docs.files import PUBLISHED, as_text, published
from ventanilla.contract_docs.schemas import JsonSchema, schema
from ventanilla.topics import ALL


class BrokenPromiseError(Exception):
    """The current contract breaks the published one; the message has a line for each problem."""


def broken(promised: Mapping[str, JsonSchema], current: Mapping[str, JsonSchema]) -> dict[str, list[Problem]]:
    """The problems of each promised topic that has any."""
    found: dict[str, list[Problem]] = {}
    for topic, before in promised.items():
        if topic not in current:
            found[topic] = [Problem("", Reader.PUBLISHED, "knows the topic, and it is no longer written")]
        elif trouble := problems(before, current[topic]):
            found[topic] = trouble
    return found


def publish(folder: Path) -> None:
    """Replace the promised schemas by the current ones. Raises `BrokenPromiseError` and then writes nothing.

    A new word passes: whoever publishes it promises that nobody writes it before readers know it.
    """
    current = {topic.name: schema(topic) for topic in ALL}
    lines = [
        f"{topic}: {problem}"
        for topic, trouble in broken(published(folder), current).items()
        for problem in trouble
        if not problem.new_word
    ]
    if lines:
        raise BrokenPromiseError("\n".join(lines))
    (folder / PUBLISHED).mkdir(parents=True, exist_ok=True)
    for topic, value in current.items():
        (folder / PUBLISHED / f"{topic}.json").write_text(as_text(value), encoding="utf-8")
