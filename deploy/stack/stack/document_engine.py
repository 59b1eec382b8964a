"""nx-27017 as the embedded engine runs it: `python -m stack.document_engine`, options as for `nx-27017`.

Its version 0.8.1 (neosqlite 1.17.2) does simple updates of existing documents by SQL alone, and binds values
without their type: a date becomes the text `2026-11-25 08:34:16`, true becomes 1. Its other way, in Python,
keeps both. So updates that carry a date or a truth value are sent that way. A test compares the outcome with
what MongoDB does (tests/integration/stack/test_document_engine.py); when a release passes it without this
file, the file goes.
"""

import sys
from datetime import datetime
from typing import Any

from neosqlite.collection.query_helper._sql_updates import SqlUpdatesMixin
from nx_27017.nx_27017 import main

_by_sql = SqlUpdatesMixin._can_use_sql_updates


def _can_use_sql_updates(
    self: Any, update_spec: dict[str, Any], doc_id: Any, original_doc: dict[str, Any] | None = None
) -> bool:
    return not _loses_types(update_spec) and bool(_by_sql(self, update_spec, doc_id, original_doc))


def _loses_types(update_spec: dict[str, Any]) -> bool:
    return any(
        isinstance(value, datetime | bool) or (isinstance(value, dict) and _each_loses(value))
        for fields in update_spec.values()
        if isinstance(fields, dict)
        for value in fields.values()
    )


def _each_loses(modifiers: dict[str, Any]) -> bool:
    each = modifiers.get("$each", ())
    return isinstance(each, list) and any(isinstance(value, datetime | bool | dict) for value in each)


if __name__ == "__main__":
    SqlUpdatesMixin._can_use_sql_updates = _can_use_sql_updates
    sys.argv[0] = "nx-27017"
    main()
