"""The understander that the bot starts with: two linear models over spellings, words and concepts.

Trained when the service starts, in about a second, from the language folder; training is deterministic, so
every replica reads a sentence alike, and a replay answers as the day did.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from bot.understanding import NOTHING_SAID, OUTSIDE, PERSON, Understanding
from bot.understanding.noise import mistyped
from bot.understanding.phrases import Example, Phrases, load_phrases
from bot.understanding.spelling import FAMILIAR, UNKNOWN, Reading, Speller, Spelling
from ventanilla.checked_yaml import load_checked

_NO_AREA = ""
_MOST_LETTERS = 2000
"""What comes after this many letters of a message is not read."""
_CLAUSE = re.compile(r"[.,;:!?¿¡\n]+|\bpero\b")
_WINDOW = 8
_STEP = 3

# Chosen on tests/unit/bot/development.yaml; what they are worth is measured on held_out.yaml beside it.
_REGULARISATION = 6.0
_OUTSIDE_CEILING = 0.35
_CATEGORY_FLOOR = 0.25
_AREA_FLOOR = 0.50
_PERSON_FLOOR = 0.60
_PERSON_IN_PASSING_FLOOR = 0.70
"""For a clause or window of a longer text, which shows less of what was meant."""


class LinearUnderstander:
    """`Understander` by logistic regression. Thread-safe once made; making one takes about a second."""

    def __init__(self, spelling: Spelling, phrases: Phrases) -> None:
        self._reported_as = phrases.reported_as
        self._speller = Speller(spelling)
        inside = [example.text for example in phrases.examples if example.intent != OUTSIDE]
        self._speller.learn([*inside, *phrases.openers, *phrases.closers])
        self._speller.learn_outside(e.text for e in phrases.examples if e.intent == OUTSIDE)
        examples = list(_augmented(phrases))
        readings = [self._speller.read(example.text) for example in examples]
        self._sounds = TfidfVectorizer(analyzer=_pieces, sublinear_tf=True, min_df=2, dtype=np.float32)
        self._words = TfidfVectorizer(analyzer=_terms, sublinear_tf=True, min_df=2, dtype=np.float32)
        features = hstack(
            [self._sounds.fit_transform(readings), self._words.fit_transform(readings)], format="csr"
        )
        self._intents = _fitted(features, [example.intent for example in examples])
        self._areas = _fitted(features, [example.area or _NO_AREA for example in examples])

    def understand(self, text: str) -> Understanding:
        """Reads one message, long or short, in about a millisecond."""
        text = text[:_MOST_LETTERS]
        parts = [part for part in (text, *_parts(text)) if self._speller.sounds(part)]
        if not parts:
            return NOTHING_SAID
        features = self._features([self._speller.read(part) for part in parts])
        intents = self._intents.predict_proba(features)
        areas = self._areas.predict_proba(features[:1])[0]
        return self._decide(intents, areas)

    def words(self, text: str) -> list[str]:
        """The words of a sentence in one spelling each; what is unknown stays as it sounds."""
        reading = self._speller.read(text)
        pairs = zip(reading.sounds, reading.words, strict=True)
        return [sound if word in (UNKNOWN, FAMILIAR) else word for sound, word in pairs]

    def _decide(self, intents: Any, areas: Any) -> Understanding:
        names = [str(name) for name in self._intents.classes_]
        person = intents[:, names.index(PERSON)]
        outside = float(intents[0][names.index(OUTSIDE)])
        best = max((float(p), name) for p, name in zip(intents[0], names, strict=True) if name != OUTSIDE)
        confidence, intent = best
        if person[0] >= _PERSON_FLOOR or person.max() >= _PERSON_IN_PASSING_FLOOR:
            intent, confidence = PERSON, float(person.max())
        elif outside > _OUTSIDE_CEILING or confidence < _CATEGORY_FLOOR:
            return Understanding(area=None, category=OUTSIDE, confidence=round(outside, 4), intent=OUTSIDE)
        nearest = int(areas.argmax())
        area = str(self._areas.classes_[nearest]) if areas[nearest] >= _AREA_FLOOR else _NO_AREA
        category = self._reported_as.get(intent, intent)
        return Understanding(
            area=area or None, category=category, confidence=round(confidence, 4), intent=intent
        )

    def _features(self, readings: Sequence[Reading]) -> csr_matrix:
        return hstack([self._sounds.transform(readings), self._words.transform(readings)], format="csr")


def load_understander(language: Path) -> LinearUnderstander:
    """Read a language folder and train. Blocks for about a second. Raises `ConfigError`."""
    return LinearUnderstander(load_checked(language / "spelling.yaml", Spelling), load_phrases(language))


def _fitted(features: csr_matrix, labels: list[str]) -> LogisticRegression:
    model = LogisticRegression(
        C=_REGULARISATION, solver="lbfgs", max_iter=200, tol=1e-3, class_weight="balanced"
    )
    with threadpool_limits(1):  # more threads only spin: the matrices are sparse and small
        return model.fit(features, labels)


def _augmented(phrases: Phrases) -> Iterator[Example]:
    """Each example as it is, mistyped, and with something polite around it."""
    for example in phrases.examples:
        random = Random(example.text)
        yield example
        yield Example(mistyped(example.text), example.area, example.intent)
        opener, closer = random.choice(phrases.openers), random.choice(phrases.closers)
        around = random.choice((f"{opener} {example.text}", f"{example.text} {closer}"))
        if len(example.text.split()) > 1:
            yield Example(mistyped(around) if random.random() < 0.5 else around, example.area, example.intent)


def _parts(text: str) -> Iterator[str]:
    """The clauses of a text, and windows over its words: somebody may ask for a person in passing."""
    clauses = [clause for clause in _CLAUSE.split(text) if clause.strip()]
    if len(clauses) > 1:
        yield from clauses
    words = text.split()
    if len(words) > _WINDOW:
        for start in range(0, len(words) - _WINDOW + _STEP, _STEP):
            yield " ".join(words[start : start + _WINDOW])


def _pieces(reading: Reading) -> Iterator[str]:
    """Pieces of two to four letters of every word, its edges marked."""
    for sound in reading.sounds:
        word = f" {sound} "
        for size in (2, 3, 4):
            for start in range(len(word) - size + 1):
                yield word[start : start + size]


def _terms(reading: Reading) -> Iterator[str]:
    """Corrected words, pairs of them, and concepts."""
    yield from reading.words
    for first, second in pairwise(("^", *reading.words, "$")):
        yield f"{first} {second}"
    for concept in reading.concepts:
        yield f"={concept}"
