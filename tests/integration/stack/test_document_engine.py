"""The embedded document engine keeps what MongoDB keeps: values come back as what they were."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support.engines import RunningEngines
from ventanilla.store import Collection, Document, Store, UpdateOne

WHOLE = datetime(2026, 11, 25, 8, 34, 16, tzinfo=UTC)
FINE = WHOLE + timedelta(milliseconds=5)
EVERYTHING: Document = {
    "whole": WHOLE, "fine": FINE, "yes": True, "no": False, "none": None, "number": 2**40, "fraction": 1.5,
    "text": "2026-11-25", "empty": "", "list": [True, WHOLE, {"at": FINE}],
    "nested": {"at": WHOLE, "yes": True},
}  # fmt: skip


@pytest.fixture
async def things(engines: RunningEngines, database: str) -> AsyncIterator[Collection]:
    store = Store.connect(engines.mongo, database)
    yield store.collection("things")
    await store.close()


@pytest.mark.parametrize("before", [{}, EVERYTHING, dict.fromkeys(EVERYTHING, "something else")])
@pytest.mark.parametrize("bulk", [False, True])
async def test_every_kind_of_value_survives_an_upsert_and_an_update(
    things: Collection, before: Document, bulk: bool
) -> None:
    if before:
        await things.insert_one({"_id": "a", **before})
    for _ in range(2):
        if bulk:
            await things.bulk_write(
                [UpdateOne({"_id": "a"}, {"$set": EVERYTHING}, upsert=True)], ordered=False
            )
        else:
            await things.update_one({"_id": "a"}, {"$set": EVERYTHING}, upsert=True)
        found = await things.find_one({"_id": "a"})
        assert found == {"_id": "a", **EVERYTHING}
        assert isinstance(found["yes"], bool)
        assert isinstance(found["no"], bool)


@pytest.mark.parametrize(
    ("update", "field", "becomes"),
    [
        ({"$max": {"at": FINE}}, "at", FINE),
        ({"$max": {"at": WHOLE - timedelta(days=1)}}, "at", WHOLE),
        ({"$max": {"absent": WHOLE}}, "absent", WHOLE),
        ({"$min": {"at": WHOLE - timedelta(days=1)}}, "at", WHOLE - timedelta(days=1)),
        ({"$push": {"times": FINE}}, "times", [WHOLE, FINE]),
        ({"$push": {"times": {"$each": [FINE], "$slice": -1}}}, "times", [FINE]),
        ({"$addToSet": {"times": WHOLE}}, "times", [WHOLE]),
        ({"$addToSet": {"times": FINE}}, "times", [WHOLE, FINE]),
        ({"$addToSet": {"words": {"$each": ["a", "b"]}}}, "words", ["a", "b"]),
        ({"$inc": {"count": 1}, "$set": {"at": FINE}}, "count", 3),
        ({"$setOnInsert": {"at": FINE, "count": 9}}, "at", WHOLE),
        ({"$unset": {"at": ""}}, "at", None),
    ],
)
async def test_an_update_of_a_date_or_a_list_is_what_mongodb_makes_of_it(
    things: Collection, update: dict[str, Any], field: str, becomes: Any
) -> None:
    await things.insert_one({"_id": "a", "at": WHOLE, "times": [WHOLE], "words": ["a"], "count": 2})
    await things.update_one({"_id": "a"}, update)
    found = await things.find_one({"_id": "a"})
    assert found is not None
    assert found.get(field) == becomes


async def test_dates_that_were_updated_are_found_and_sorted_as_dates(things: Collection) -> None:
    times = {
        name: WHOLE + timedelta(seconds=seconds) for name, seconds in {"c": 3, "a": 1, "b": 2, "d": 4}.items()
    }
    await things.insert_many([{"_id": name, "at": WHOLE} for name in times])
    for name, at in times.items():
        await things.update_one({"_id": name}, {"$set": {"at": at, "open": name != "d"}})
    due = things.find({"at": {"$lte": times["c"], "$gt": times["a"]}, "open": True}).sort([("at", 1)])
    assert [document["_id"] async for document in due] == ["b", "c"]
    latest = things.find({}).sort([("at", -1)])
    assert [document["_id"] async for document in latest] == ["d", "c", "b", "a"]
