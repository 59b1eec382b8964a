"""The recorded day: who wrote what, when. Read from day.jsonl, one citizen a line.

Times are of the institution's zone, on a day that the player chooses. What a citizen picks from a menu is
recorded as the option's id, or as a place in the menu that arrived; so the day says what happens, whatever
words the menus have.
"""

from datetime import time
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

DAY = Path(__file__).with_name("day.jsonl")

Ids = Literal["number", "user_id", "both"]


class Recorded(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(Recorded):
    """One message of a citizen: `say` words, `pick` an option, or `send` any other type with its content."""

    at: time
    say: str | None = None
    pick: str | int | None = None
    """An option's id, or its place in the last menu that arrived (the last option when there are fewer)."""
    send: str | None = None
    content: dict[str, Any] = {}
    at_once: bool = False
    """Written without waiting for an answer to the message before."""
    again: int = Field(0, ge=0, le=5)
    """How many times the provider delivers it once more."""

    @model_validator(mode="after")
    def _one(self) -> "Step":
        if sum(part is not None for part in (self.say, self.pick, self.send)) != 1:
            raise ValueError("a step is one of say, pick, send")
        return self

    @property
    def is_aside(self) -> bool:
        """A reaction asks nothing, and nobody answers it."""
        return self.send == "reaction"


class Trouble(Recorded):
    """What goes wrong between the provider and this phone; the words are the sandbox's."""

    behaviour: dict[str, int | bool] = {}
    failure: dict[str, int | bool] = {}


class Citizen(Recorded):
    """One line of the day."""

    number: int
    name: str
    ids: Ids
    area: str | None
    """What it is about; None: nothing in particular."""
    category: str
    area_is_picked: bool = False
    """The area is picked from the menu and nothing else is said of it: then the router must know it."""
    agents: list[str] = []
    """What an agent answers, one after the other, should it come to that."""
    trouble: Trouble = Trouble()
    steps: list[Step] = Field(min_length=1)


def load_day(path: Path = DAY) -> list[Citizen]:
    """In order of the first message."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return sorted((Citizen.model_validate_json(line) for line in lines), key=lambda one: one.steps[0].at)
