"""What a pure decision returns. This module does no I/O, so that domains may import it."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from ventanilla.contracts.event import Event
from ventanilla.topics import Topic

S = TypeVar("S")

Output = tuple[Topic, Event]


@dataclass(frozen=True, slots=True)
class Decision(Generic[S]):
    """The state after an event, and what to emit, in order. The same input always gives an equal decision."""

    state: S | None
    outputs: tuple[Output, ...] = ()
