"""What agents read from the API. One catalogue, in the institution's language."""

from pathlib import Path

from ventanilla.checked_yaml import Section, load_checked


class AccountNames(Section):
    admin: str
    supervisor: str
    finance: str
    agent: str
    """May use {place}, the name of an area or a queue."""


class Texts(Section):
    problems: dict[str, str]
    """By stable code; `refused` stands for a reason that has no text."""
    accounts: AccountNames

    def problem(self, code: str) -> str:
        return self.problems.get(code, self.problems["refused"])


def load_texts() -> Texts:
    """Raises `ConfigError`."""
    return load_checked(Path(__file__).parent / "texts.yaml", Texts)
