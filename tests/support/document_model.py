"""What MongoDB does, as far as services use it, in a page of Python: the measure for every engine.

Source: MongoDB's manual (query and update operators, `update` with upsert, `$group`). Documents are plain
dictionaries; a filter has equality, comparison, `$in`, `$ne`, `$or` and `$and`, on fields and dotted paths.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

Document = dict[str, Any]

_MISSING = object()


class DuplicateError(Exception):
    """An `_id`, or the value of a unique field, is taken."""


def _at(document: Mapping[str, Any], path: str) -> Any:
    found: Any = document
    for name in path.split("."):
        if not isinstance(found, Mapping) or name not in found:
            return _MISSING
        found = found[name]
    return found


def _put(document: Document, path: str, value: Any) -> None:
    *folders, name = path.split(".")
    for folder in folders:
        document = document.setdefault(folder, {})
    document[name] = deepcopy(value)


def _comparable(one: Any, other: Any) -> bool:
    """Comparisons hold within a type: a text is neither below nor above a number."""
    if isinstance(one, bool) or isinstance(other, bool):
        return isinstance(one, bool) and isinstance(other, bool)
    return (isinstance(one, int | float) and isinstance(other, int | float)) or (
        isinstance(one, str) and isinstance(other, str)
    )


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "$lt": lambda a, b: _comparable(a, b) and a < b,
    "$lte": lambda a, b: _comparable(a, b) and a <= b,
    "$gt": lambda a, b: _comparable(a, b) and a > b,
    "$gte": lambda a, b: _comparable(a, b) and a >= b,
    "$in": lambda a, b: any(_equal(a, one) for one in b),
    "$ne": lambda a, b: not _equal(a, b),
}


def _equal(value: Any, wanted: Any) -> bool:
    if value is _MISSING:
        return wanted is None  # a field that is not there equals null
    return type(value) is type(wanted) and bool(value == wanted)


def matches(document: Document, query: Mapping[str, Any]) -> bool:
    for path, wanted in query.items():
        if path == "$or":
            if not any(matches(document, one) for one in wanted):
                return False
        elif path == "$and":
            if not all(matches(document, one) for one in wanted):
                return False
        elif isinstance(wanted, Mapping) and any(name.startswith("$") for name in wanted):
            if not all(_COMPARISONS[name](_at(document, path), value) for name, value in wanted.items()):
                return False
        elif not _equal(_at(document, path), wanted):
            return False
    return True


def updated(document: Document, update: Mapping[str, Mapping[str, Any]], *, inserting: bool) -> Document:
    changed = deepcopy(document)
    for operator, fields in update.items():
        for path, value in fields.items():
            known = _at(changed, path)
            match operator:
                case "$set":
                    _put(changed, path, value)
                case "$setOnInsert":
                    if inserting:
                        _put(changed, path, value)
                case "$inc":
                    _put(changed, path, value + (0 if known is _MISSING else known))
                case "$max":
                    _put(changed, path, value if known is _MISSING else max(known, value))
                case "$min":
                    _put(changed, path, value if known is _MISSING else min(known, value))
                case "$addToSet":
                    have = [] if known is _MISSING else list(known)
                    _put(changed, path, have + [one for one in value["$each"] if one not in have])
                case "$push":
                    have = [] if known is _MISSING else list(known)
                    _put(changed, path, (have + value["$each"])[value["$slice"] :])
                case "$unset":
                    changed.pop(path, None)
                case _:
                    raise ValueError(f"{operator} is not used by services; add it to the model first")
    return changed


class Collection:
    """One collection, in order of insertion; `unique` is a field besides `_id`."""

    def __init__(self, unique: str | None = None) -> None:
        self.documents: dict[str, Document] = {}
        self._unique = unique

    def _store(self, document: Document) -> None:
        if self._unique is not None:
            value = _at(document, self._unique)
            for one in self.documents.values():
                if one["_id"] != document["_id"] and _at(one, self._unique) == value:
                    raise DuplicateError(self._unique)
        self.documents[document["_id"]] = document

    def insert(self, document: Document) -> None:
        if document["_id"] in self.documents:
            raise DuplicateError("_id")
        self._store(deepcopy(document))

    def update(
        self,
        query: Mapping[str, Any],
        update: Mapping[str, Mapping[str, Any]],
        *,
        upsert: bool,
        many: bool = False,
    ) -> int:
        """Returns how many documents matched."""
        found = self.find(query)
        for document in found if many else found[:1]:
            self._store(updated(document, update, inserting=False))
        if not found and upsert:
            fresh = {path: value for path, value in query.items() if not isinstance(value, Mapping)}
            document = updated(fresh, update, inserting=True)
            if document["_id"] in self.documents:
                raise DuplicateError("_id")
            self._store(document)
        return len(found) if many else min(1, len(found))

    def delete(self, query: Mapping[str, Any]) -> int:
        doomed = self.find(query)
        for document in doomed:
            del self.documents[document["_id"]]
        return len(doomed)

    def find(self, query: Mapping[str, Any]) -> list[Document]:
        return [document for document in self.documents.values() if matches(document, query)]

    def ordered(
        self, query: Mapping[str, Any], fields: Sequence[tuple[str, int]], limit: int
    ) -> list[Document]:
        """For fields that every document has, of one type each."""
        found = self.find(query)
        for field, direction in reversed(fields):
            found.sort(key=lambda document: _at(document, field), reverse=direction < 0)
        return found[:limit]

    def sums(self, query: Mapping[str, Any], by: str, of: str) -> dict[Any, tuple[int, int]]:
        """For each value of `by`: how many documents, and the sum of `of` over them."""
        found: dict[Any, tuple[int, int]] = {}
        for document in self.find(query):
            count, total = found.get(document[by], (0, 0))
            found[document[by]] = count + 1, total + document[of]
        return found
