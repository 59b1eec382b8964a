"""One spelling for the many ways in which a word is typed on a telephone.

Short forms are written out (`xfa`), then words are folded to how they sound (`kuanto` and `cuánto`, `presio`
and `precio`, `ipoteca` and `hipoteca` are one), and what is still unknown is taken for the nearest word that
the bot knows, one slip away, two in long words.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from pydantic import field_validator

from ventanilla.checked_yaml import Section

UNKNOWN = "<?>"
"""Stands for a word that the bot does not know: many of these mean that the sentence is not for us."""
LONG_NUMBER = "<numero>"
"""Five digits or more: the number of a filing, of an identity card, of a telephone."""
NUMBER = "<n>"
FAMILIAR = "<.>"
"""Stands for a word that says nothing of a sentence's subject."""

_TOKEN = re.compile(r"[a-zñ]+|\d[\d.,/-]*|[?¿]+")
_SOUNDS = (
    (re.compile(r"(?<!c)h"), ""), (re.compile("v"), "b"), (re.compile("w"), "u"), (re.compile("z"), "s"),
    (re.compile("c(?=[ei])"), "s"), (re.compile("qu(?=[ei])|q|c(?!h)"), "k"), (re.compile("x"), "s"),
    (re.compile("ll"), "y"), (re.compile("g(?=[ei])"), "j"), (re.compile("gu(?=[ei])"), "g"),
    (re.compile("ñ"), "n"), (re.compile("n(?=[bp])"), "m"), (re.compile(r"(.)\1+"), r"\1"),
    (re.compile("(?<=[a-z]{3})s$"), ""),
)  # fmt: skip
_SHORTEST_CORRECTED = 5
_LONG = 9


class Spelling(Section):
    """The file `spelling.yaml`."""

    abbreviations: dict[str, str]
    """A short form, or a frequent misspelling, and what it stands for."""
    concepts: dict[str, list[str]]
    """A name for a set of words that mean the same to the bot."""
    ordinary: str = ""
    """Everyday words, apart by spaces, that are never a misspelling of a word that the bot knows."""
    familiar: str = ""
    """Words, apart by spaces, that stand in any sentence: knowing them says nothing of its subject."""

    @field_validator("concepts")
    @classmethod
    def _words(cls, concepts: dict[str, list[str]]) -> dict[str, list[str]]:
        for name, words in concepts.items():
            if not words:
                raise ValueError(f"{name} has no words; remove it or list some")
        return concepts


def plain(text: str) -> str:
    """Lower case without accents (ñ stays), and no letter more than twice in a row."""
    lowered = unicodedata.normalize("NFC", text.lower().replace("\0", " ")).replace("ñ", "\0")
    bare = "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))
    return re.sub(r"([a-z])\1{2,}", r"\1", bare.replace("\0", "ñ"))


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    """How a word sounds, in one spelling: no h, b for v, s for z and soft c, k for hard c and qu."""
    for pattern, sound in _SOUNDS:
        word = pattern.sub(sound, word)
    return word


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence as the classifier sees it."""

    sounds: tuple[str, ...]
    """Every word as it was written, folded."""
    words: tuple[str, ...]
    """The same words corrected; `UNKNOWN` for those that resemble nothing."""
    concepts: tuple[str, ...]
    """Names of the concepts that the words belong to, in order."""


class Speller:
    """Reads sentences by a vocabulary. `learn` the known words first, then `read`."""

    def __init__(self, spelling: Spelling) -> None:
        self._short = {plain(short): plain(full).split() for short, full in spelling.abbreviations.items()}
        self._outside = {fold(plain(word)) for word in spelling.ordinary.split()}
        self._familiar = {fold(plain(word)) for word in spelling.familiar.split()}
        self._concepts: dict[str, list[str]] = {}
        self._vocabulary: dict[str, int] = {}
        self._near: dict[str, list[str]] = {}
        for name, phrases in spelling.concepts.items():
            for phrase in phrases:
                # A phrase of several words is found through its first ones alone in `words`: joined by "_".
                self._concepts.setdefault("_".join(map(fold, plain(phrase).split())), []).append(name)
        self.learn(phrase for phrases in spelling.concepts.values() for phrase in phrases)

    def learn(self, sentences: Iterable[str]) -> None:
        """Every word of these is known, and may be what a misspelt word meant."""
        for sentence in sentences:
            for sound in self.sounds(sentence):
                if sound not in self._vocabulary and sound[0] != "<":
                    for key in _deletions(sound):
                        self._near.setdefault(key, []).append(sound)
                self._vocabulary[sound] = self._vocabulary.get(sound, 0) + 1

    def learn_outside(self, sentences: Iterable[str]) -> None:
        """Words of these are spelt right, and still none of the bot's: never correct them."""
        for sentence in sentences:
            self._outside.update(self.sounds(sentence))

    def sounds(self, text: str) -> list[str]:
        """The folded words of a text, short forms written out, numbers by their kind."""
        found: list[str] = []
        for token in _TOKEN.findall(plain(text)):
            if token[0].isdigit():
                found.append(LONG_NUMBER if sum(map(str.isdigit, token)) >= 5 else NUMBER)
            elif token[0] in "?¿":
                continue
            else:
                found.extend(fold(word) for word in self._short.get(token, [token]))
        return [sound for sound in found if sound]

    def read(self, text: str) -> Reading:
        """The sentence in all the forms that the classifier looks at."""
        sounds = tuple(self.sounds(text))
        words = tuple(self._known(sound) for sound in sounds)
        return Reading(sounds=sounds, words=words, concepts=tuple(self._names(words)))

    def _known(self, sound: str) -> str:
        if sound in self._vocabulary or sound[0] == "<":
            return sound
        if sound in self._familiar:
            return FAMILIAR
        if sound in self._outside or len(sound) < _SHORTEST_CORRECTED:
            return UNKNOWN
        # Hardly anybody mistypes a first letter, and many words differ from another in it alone.
        near = {w for key in _deletions(sound) for w in self._near.get(key, ()) if w[0] == sound[0]}
        allowed = 2 if len(sound) >= _LONG else 1
        best: tuple[int, int, str] | None = None
        for word in near:
            distance = _distance(sound, word, allowed)
            rank = (distance, -self._vocabulary[word], word)
            if distance <= allowed and (best is None or rank < best):
                best = rank
        return best[2] if best else UNKNOWN

    def _names(self, words: tuple[str, ...]) -> Iterable[str]:
        for place, word in enumerate(words):
            yield from self._concepts.get(word, ())
            if place + 1 < len(words):
                yield from self._concepts.get(f"{word}_{words[place + 1]}", ())


def _deletions(word: str) -> set[str]:
    """The word and all that is left of it with one letter taken out (two, in long words)."""
    once = {word[:i] + word[i + 1 :] for i in range(len(word))}
    if len(word) < _LONG:
        return {word} | once
    return {word} | once | {left[:i] + left[i + 1 :] for left in once for i in range(len(left))}


def _distance(a: str, b: str, limit: int) -> int:
    """Edits between two words, neighbours swapped counting as one; `limit` + 1 when there are more."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, previous, row = row, before, [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, previous[j - 2] + 1)
            row.append(cost)
    return min(row[-1], limit + 1)
