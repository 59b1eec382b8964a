"""What the bot knows: facts with their source and date, data of the case.

`Knowledge` is the interface that the dialogue knows. A folder of YAML files stands behind it, one for each
area and one for what holds everywhere, checked whole at the start.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Protocol, Self

from pydantic import Field, ValidationInfo, model_validator

from ventanilla.checked_yaml import ConfigError, Problem, Section, load_checked, problems_error
from ventanilla.institution import Institution

MOST_FACTS = 8
"""Facts of one area and category: with "another question" and "a person" they fill a list of ten rows."""
_LIKE_ENOUGH = 0.55
"""The share of a known question that must be in what was asked. Lower gives wrong answers, higher none."""
_FIGURE = re.compile(r"\$\s?\d|\d\s?%|\b\d+\s+(?:días|dólares)\b", re.IGNORECASE)


class Fact(Section):
    """One thing that the bot can say, and how it is known."""

    id: str = Field(pattern=r"^[a-z0-9-]+$", max_length=60)
    category: str
    title: str = Field(max_length=24)
    """For a row of a list (WhatsApp: 24 characters)."""
    description: str | None = Field(default=None, max_length=72)
    questions: list[str] = Field(min_length=1)
    """Ways to ask for it: a sentence that resembles one of these gets this answer."""
    answer: str = Field(max_length=800)
    """What the citizen reads. With greeting, source and date it fits an interactive message (1,024)."""
    source: str = Field(max_length=120)
    """The document or address that says so, or that it has yet to be confirmed."""
    date: date
    """The day on which the source was looked up."""
    confirmed: bool = True
    """False: orientation of ours, which the answer says."""
    area: str | None = None
    """Set from the file's own `area`; None for what holds in every area."""

    @model_validator(mode="after")
    def _figures_have_sources(self) -> Self:
        if not self.confirmed and _FIGURE.search(self.answer):
            raise ValueError("the answer gives a figure and is not confirmed; give its source, or no figure")
        return self


class FactFile(Section):
    """One file of the folder. Checked against the `Institution` in the context."""

    area: str | None
    facts: list[Fact]

    @model_validator(mode="after")
    def _of_the_institution(self, info: ValidationInfo) -> Self:
        assert isinstance(info.context, Institution)
        problems = list(self._misplaced(info.context))
        if problems:
            raise problems_error(problems)
        return self

    def _misplaced(self, institution: Institution) -> Iterator[Problem]:
        if self.area is not None and self.area not in institution.areas:
            known = ", ".join(institution.areas)
            yield Problem(("area",), f"{self.area!r} is unknown; areas are {known}")
        for place, fact in enumerate(self.facts):
            if fact.category not in institution.categories:
                known = ", ".join(institution.categories)
                yield Problem(
                    ("facts", place, "category"), f"{fact.category!r} is unknown; categories are {known}"
                )


class Knowledge(Protocol):
    """Looks facts up. Pure: the same question always gets the same fact."""

    def best(self, question: str, area: str | None, category: str) -> Fact | None:
        """The fact that answers a question, or None when none of the area (or of all areas) does."""
        ...

    def of(self, area: str | None, category: str) -> Sequence[Fact]:
        """What is known of an area in a category, in the order of the file."""
        ...

    def get(self, fact_id: str) -> Fact | None: ...

    @property
    def facts(self) -> Sequence[Fact]: ...


class FactBase:
    """`Knowledge` in memory, looked up by shared words, the rarer the weightier."""

    def __init__(self, facts: Sequence[Fact], words: Callable[[str], Iterable[str]]) -> None:
        """`words` gives the words of a sentence in one spelling each."""
        self._facts = list(facts)
        self._words = words
        self._questions = [(fact, frozenset(words(text))) for fact in facts for text in fact.questions]
        seen = Counter(word for _, question in self._questions for word in question)
        self._weights = {word: 1 / count for word, count in seen.items()}

    @property
    def facts(self) -> Sequence[Fact]:
        return self._facts

    def get(self, fact_id: str) -> Fact | None:
        return next((fact for fact in self._facts if fact.id == fact_id), None)

    def of(self, area: str | None, category: str) -> Sequence[Fact]:
        return [fact for fact in self._facts if fact.area == area and fact.category == category]

    def best(self, question: str, area: str | None, category: str) -> Fact | None:
        asked = frozenset(self._words(question))
        candidates = [
            (self._weight(known & asked), self._weight(known), fact)
            for fact, known in self._questions
            if fact.category == category and fact.area in (area, None)
        ]
        # The share that was asked decides; between equal shares, the question that says more.
        scored = [(common / whole, common, fact) for common, whole, fact in candidates if whole]
        share, _, fact = max(scored, key=lambda score: score[:2], default=(0.0, 0.0, None))
        return fact if share >= _LIKE_ENOUGH else None

    def _weight(self, words: Iterable[str]) -> float:
        return sum(self._weights[word] for word in words)


def load_facts(folder: Path, institution: Institution) -> list[Fact]:
    """Every fact of `folder/*.yaml`, checked. Raises `ConfigError` with all problems, each with its place."""
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise ConfigError([f"{folder}: no facts there; give a folder with a YAML file for each area"])
    facts: list[Fact] = []
    problems: list[str] = []
    for path in paths:
        try:
            file = load_checked(path, FactFile, context=institution)
        except ConfigError as error:
            problems.extend(error.problems)
            continue
        facts.extend(fact.model_copy(update={"area": file.area}) for fact in file.facts)
    for fact_id, times in Counter(fact.id for fact in facts).items():
        if times > 1:
            problems.append(f"{folder}: facts: the id {fact_id!r} is used {times} times; give each its own")
    for (area, category), number in Counter((fact.area, fact.category) for fact in facts).items():
        if number > MOST_FACTS:
            problems.append(
                f"{folder}: {area or 'every area'}/{category}: {number} facts; "
                f"a list shows {MOST_FACTS}, join some"
            )
    if problems:
        raise ConfigError(problems)
    return facts
