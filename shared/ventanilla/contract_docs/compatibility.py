"""Whether a contract still keeps what it promised.

Two things must hold between the published schema of a topic and the current one:

* forwards: every record that today's writer may write is accepted by a reader of the published version,
  which ignores fields that it does not know; and each field that it knows is still written, for it may rely
  on it;
* backwards: every record written under the published version is accepted by today's reader, because topics
  are kept for weeks and are read again from the start.

So a field may be added when it has a default, and nothing else may change. A new word in a closed list (an
enum value, a new kind in a union) breaks a reader of the published version too, who has never heard of it:
publish it first (see `ventanilla.contract_docs.publication`), let readers learn it, and write it after that.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ventanilla.contract_docs.schemas import JsonSchema, resolved

_ANNOTATIONS = {"title", "description", "default", "examples", "$schema", "$id", "$defs", "discriminator"}
_CHECKED = {
    "$ref", "anyOf", "oneOf", "type", "const", "enum", "format", "pattern", "properties", "required",
    "additionalProperties", "items",
}  # fmt: skip
_LIMITS = {
    "minimum": 1, "exclusiveMinimum": 1, "minLength": 1, "minItems": 1,
    "maximum": -1, "exclusiveMaximum": -1, "maxLength": -1, "maxItems": -1,
}  # fmt: skip
"""Keywords that bound a number; 1 where a greater bound accepts less, -1 where it accepts more."""


class Reader(StrEnum):
    PUBLISHED = "a reader of the published version"
    TODAY = "today's reader of what was written under the published version"


@dataclass(frozen=True)
class Problem:
    """What a reader would trip over, at a path such as `conversation.state`. `text` begins with a verb."""

    path: str
    reader: Reader
    text: str
    new_word: bool = False
    """Only a word that the reader has never heard of: it can be published first and written later."""

    def __str__(self) -> str:
        return f"{self.path or 'the event'}: {self.reader} {self.text}"


class UncheckedKeywordError(Exception):
    """A schema uses a keyword that this module does not know: it cannot say that nothing breaks."""


def problems(published: JsonSchema, current: JsonSchema) -> list[Problem]:
    """All that breaks a promise; empty when nothing does. Raises `UncheckedKeywordError`."""
    forwards = _Comparison(Reader.PUBLISHED, published, current)
    backwards = _Comparison(Reader.TODAY, current, published)
    return [*forwards.of("", published, current), *backwards.of("", current, published)]


class _Comparison:
    """Does the reader accept all that the writer may write? Both are root schemas, to resolve references."""

    def __init__(self, who: Reader, reader: JsonSchema, writer: JsonSchema) -> None:
        self._who = who
        self._reader_root = reader
        self._writer_root = writer
        self._open: set[tuple[str, str]] = set()

    def of(self, path: str, reader: JsonSchema, writer: JsonSchema) -> Iterator[Problem]:
        pair = (reader.get("$ref", ""), writer.get("$ref", ""))
        if all(pair):
            if pair in self._open:
                return  # a type that contains itself: it is being compared already
            self._open.add(pair)
            yield from self._resolved(path, reader, writer)
            self._open.remove(pair)
            return
        yield from self._resolved(path, reader, writer)

    def _resolved(self, path: str, reader: JsonSchema, writer: JsonSchema) -> Iterator[Problem]:
        reader, writer = resolved(reader, self._reader_root), resolved(writer, self._writer_root)
        for schema in (reader, writer):
            if unknown := schema.keys() - _ANNOTATIONS - _CHECKED - _LIMITS.keys():
                raise UncheckedKeywordError(f"{path}: {', '.join(sorted(unknown))}")
        if _accepts_anything(reader):
            return
        if variants := _variants(writer):
            for variant in variants:
                yield from self.of(path, reader, variant)
        elif variants := _variants(reader):
            yield from self._one_of(path, variants, writer)
        else:
            yield from self._plain(path, reader, writer)

    def _one_of(self, path: str, variants: list[JsonSchema], writer: JsonSchema) -> Iterator[Problem]:
        """The writer's type must be one of the reader's."""
        tag, words = _tag(writer)
        for variant in variants:
            known_tag, known = _tag(resolved(variant, self._reader_root))
            if tag == known_tag and words & known:
                yield from self.of(path, variant, writer)
                return
        if words and any(_tag(resolved(variant, self._reader_root))[0] == tag for variant in variants):
            yield self._problem(path, f"knows no {tag} {', '.join(sorted(words))}", new_word=True)
            return
        attempts = [list(self.of(path, variant, writer)) for variant in variants]
        if all(attempts):
            # Of several ways to be wrong, the one that is of the right type says most.
            yield from min(attempts, key=lambda found: found[0].text.startswith(_EXPECTS_TYPE))

    def _plain(self, path: str, reader: JsonSchema, writer: JsonSchema) -> Iterator[Problem]:
        expected, given = reader.get("type"), writer.get("type")
        if expected not in (None, given) and (expected, given) != ("number", "integer"):
            yield self._problem(path, f"{_EXPECTS_TYPE}{expected}, and it is {given or 'anything'}")
            return
        yield from self._words(path, reader, writer)
        for keyword in ("format", "pattern"):
            if keyword in reader and reader[keyword] != writer.get(keyword):
                other = writer.get(keyword, "free")
                yield self._problem(path, f"expects the {keyword} {reader[keyword]}, and it is {other}")
        for keyword, sign in _LIMITS.items():
            if keyword in reader and (
                keyword not in writer or sign * writer[keyword] < sign * reader[keyword]
            ):
                other = writer.get(keyword, "without")
                yield self._problem(path, f"expects the {keyword} {reader[keyword]}, and it is {other}")
        if "items" in reader:
            yield from self.of(f"{path}[]", reader["items"], writer.get("items", {}))
        yield from self._object(path, reader, writer)

    def _words(self, path: str, reader: JsonSchema, writer: JsonSchema) -> Iterator[Problem]:
        known, given = _listed(reader), _listed(writer)
        if known and not given:
            yield self._problem(path, f"expects one of {', '.join(map(str, known))}, and it may be anything")
        elif known and (new := [word for word in given if word not in known]):
            yield self._problem(path, f"knows no {', '.join(map(str, new))}", new_word=True)

    def _object(self, path: str, reader: JsonSchema, writer: JsonSchema) -> Iterator[Problem]:
        written = writer.get("properties", {})
        for name, field in reader.get("properties", {}).items():
            place = f"{path}.{name}" if path else name
            if name in written:
                yield from self.of(place, field, written[name])
            if name in reader.get("required", []) and name not in writer.get("required", []):
                yield self._problem(place, "expects it always, and it may be absent")
            elif name not in written and self._who is Reader.PUBLISHED:
                yield self._problem(place, "knows it, and it is no longer written")
        rest = reader.get("additionalProperties", True)
        if rest is False:
            for name in written.keys() - reader.get("properties", {}).keys():
                yield self._problem(f"{path}.{name}" if path else name, "accepts no other field")
        elif isinstance(rest, dict):
            additional = writer.get("additionalProperties", True)
            yield from self.of(f"{path}.*", rest, additional if isinstance(additional, dict) else {})

    def _problem(self, path: str, text: str, *, new_word: bool = False) -> Problem:
        return Problem(path, self._who, text, new_word and self._who is Reader.PUBLISHED)


_EXPECTS_TYPE = "expects the type "


def _accepts_anything(schema: JsonSchema) -> bool:
    return not schema.keys() - _ANNOTATIONS


def _variants(schema: JsonSchema) -> list[JsonSchema]:
    return [*schema.get("anyOf", []), *schema.get("oneOf", [])]


def _tag(schema: JsonSchema) -> tuple[str, frozenset[str]]:
    """The field that tells a union's kinds apart (the first of listed words), and its words; or nothing."""
    for name, field in schema.get("properties", {}).items():
        if words := _listed(field):
            return name, frozenset(map(str, words))
    return "", frozenset()


def _listed(schema: JsonSchema) -> list[Any]:
    return [schema["const"]] if "const" in schema else schema.get("enum", [])
