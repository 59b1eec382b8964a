"""What did the citizen mean? Pure: the same sentence always gets the same answer.

`Understander` is the interface that the dialogue knows. Today a small linear model stands behind it
(`classifier`), trained at the start from phrases that are data; a deeper one may take its place.
"""

from dataclasses import dataclass
from typing import Protocol

PERSON = "traslado"
"""The category of somebody who wants a human being."""
GREETING = "saludo"
OUTSIDE = "fuera"
"""Not this institution's business, or not understood."""

FAREWELL = "despedida"
"""An intent within the category of greetings: thanks, good-bye."""
TOPIC = "tema"
"""An intent: a subject was named ("hipotecas"), and nothing asked about it."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """The reading of one sentence."""

    area: str | None
    """One of the institution's areas; None when the sentence names none."""
    category: str
    """One of the institution's categories, or `saludo`, or `fuera`."""
    confidence: float
    """From 0 to 1: how sure the reading is. For `fuera`, how sure that nothing else was meant."""
    intent: str
    """The finer reading: the category itself, or `despedida`, or `tema`."""


class Understander(Protocol):
    """Reads sentences. Never raises, whatever the text."""

    def understand(self, text: str) -> Understanding: ...


NOTHING_SAID = Understanding(area=None, category=OUTSIDE, confidence=0.0, intent=OUTSIDE)
"""The reading of a text without a single letter or figure."""
