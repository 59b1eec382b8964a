"""Every document engine does what MongoDB's manual says of the operations that services use.

The same random operations run on the engine and on a model of a page; whatever comes back, and whatever is
then stored, must be alike. Runs on the embedded engine, on mongo-java-server (`make test-engines`), and on
the MongoDB that VENTANILLA_MONGO_URL may name there.
"""

import asyncio
import random
from typing import Any
from uuid import uuid4

import pytest

from support.document_model import Collection as Model
from support.document_model import DuplicateError
from support.engines import RunningEngines
from ventanilla.store import (
    ASCENDING,
    DESCENDING,
    Collection,
    DuplicateKeyError,
    InsertOne,
    ReturnDocument,
    Store,
    UpdateOne,
    guarded_upserts,
)

IDS = [f"id-{number}" for number in range(8)]
TEXTS = ["", "a", "B", "ñandú", "2026-11", '{"a":1}', "10", "9"]
NUMBERS = [-1, 0, 1, 7, 2**31, 1_795_000_000_000_001, 1_795_000_000_000_002]


def whole(dice: random.Random, identity: str) -> dict[str, Any]:
    return {
        "_id": identity, "version": dice.randrange(6), "text": dice.choice(TEXTS), "at": dice.choice(NUMBERS),
        "flag": dice.random() < 0.5, "tags": dice.sample(TEXTS, dice.randrange(3)), "nothing": None,
        "tally": {"counted": dice.randrange(9), "other": dice.choice(TEXTS)},
    }  # fmt: skip


def query(dice: random.Random) -> dict[str, Any]:
    return dice.choice(
        [
            {},
            {"_id": dice.choice(IDS)},
            {"_id": {"$in": dice.sample(IDS, 3)}},
            {"text": dice.choice(TEXTS)},
            {"text": {"$gt": dice.choice(TEXTS)}},
            {"at": {"$gte": dice.choice(NUMBERS)}, "version": {"$lt": dice.randrange(6)}},
            {"at": {"$gt": dice.choice(NUMBERS), "$lte": dice.choice(NUMBERS)}},
            {"at": {"$lte": dice.choice(NUMBERS)}, "text": {"$in": dice.sample(TEXTS, 3)}},
            {"tally.counted": {"$gt": dice.randrange(9)}},
            {"absent": None},
            {"text": {"$ne": dice.choice(TEXTS)}},
            {"$or": [{"at": {"$gt": dice.choice(NUMBERS)}}, {"version": dice.randrange(6)}]},
            {"$and": [{"at": {"$gt": dice.choice(NUMBERS)}}, {"version": {"$gte": 2}}]},
        ]
    )


def update(dice: random.Random) -> dict[str, Any]:
    return dice.choice(
        [
            {
                "$set": {
                    "text": dice.choice(TEXTS),
                    "tally.counted": dice.randrange(9),
                    "flag": dice.random() < 0.5,
                }
            },
            {"$set": {"at": dice.choice(NUMBERS), "tags": dice.sample(TEXTS, 2)}},
            {"$inc": {"version": 1, "tally.counted": 2}},
            {"$max": {"at": dice.choice(NUMBERS)}},
            {"$min": {"at": dice.choice(NUMBERS)}},
            {"$addToSet": {"tags": {"$each": dice.sample(TEXTS, 2)}}},
            {"$push": {"tags": {"$each": dice.sample(TEXTS, 2), "$slice": -3}}},
        ]
    )


async def step(dice: random.Random, engine: Collection, model: Model) -> str:
    """One random operation on both; fails when they answer otherwise. Returns what it was."""
    kind = dice.choice(
        [
            "insert",
            "inserts",
            "guard",
            "guard",
            "update",
            "upsert",
            "many",
            "delete",
            "find",
            "sort",
            "group",
            "take",
        ]
    )
    match kind:
        case "insert":
            document = whole(dice, dice.choice(IDS))
            expected: Any = None
            try:
                model.insert(document)
            except DuplicateError:
                expected = DuplicateKeyError
            if expected is None:
                await engine.insert_one(dict(document))
            else:
                with pytest.raises(DuplicateKeyError):
                    await engine.insert_one(dict(document))
            return f"insert {document}"
        case "guard":
            writes, refused = [], set()
            for place, identity in enumerate(dice.sample(IDS, 4)):
                document = whole(dice, identity)
                guard = {"_id": identity, "version": {"$lt": document["version"]}}
                change = {"$set": {name: value for name, value in document.items() if name != "_id"}}
                writes.append(UpdateOne(guard, change, upsert=True))
                try:
                    model.update(guard, change, upsert=True)
                except DuplicateError:
                    refused.add(place)
            assert await guarded_upserts(engine, writes) == refused
            return f"guard {writes}"
        case "inserts":
            inserts, refused = [whole(dice, identity) for identity in dice.sample(IDS, 4)], set()
            for place, document in enumerate(inserts):
                try:
                    model.insert(document)
                except DuplicateError:
                    refused.add(place)
            assert await guarded_upserts(engine, [InsertOne(dict(one)) for one in inserts]) == refused
            return f"inserts {inserts}"
        case "update" | "many":
            asked, change = query(dice), update(dice)
            if kind == "many":
                matched = model.update(asked, change, upsert=False, many=True)
                answer = await engine.update_many(asked, change)
            else:
                asked = {"_id": dice.choice(IDS)}
                matched = model.update(asked, change, upsert=False)
                answer = await engine.update_one(asked, change)
            assert answer.matched_count == matched
            return f"{kind} {asked} {change}"
        case "upsert":
            identity, document = dice.choice(IDS), whole(dice, "")
            fields = {name: value for name, value in document.items() if name not in ("_id", "text")}
            change = {"$set": {"text": dice.choice(TEXTS)}, "$setOnInsert": fields}
            model.update({"_id": identity}, change, upsert=True)
            await engine.update_one({"_id": identity}, change, upsert=True)
            return f"upsert {identity} {change}"
        case "take":
            identity, document = dice.choice(IDS), whole(dice, "")
            fields = {name: value for name, value in document.items() if name not in ("_id", "version")}
            change = {"$inc": {"version": 1}, "$set": fields}
            model.update({"_id": identity}, change, upsert=True)
            found_one = await engine.find_one_and_update(
                {"_id": identity}, change, upsert=True, return_document=ReturnDocument.AFTER
            )
            assert found_one == model.documents[identity]
            return f"take {identity} {change}"
        case "delete":
            asked = {"_id": {"$in": dice.sample(IDS, 2)}, "version": {"$lt": dice.randrange(6)}}
            assert (await engine.delete_many(asked)).deleted_count == model.delete(asked)
            return f"delete {asked}"
        case "find":
            asked = query(dice)
            found = {one["_id"]: one async for one in engine.find(asked)}
            assert found == {one["_id"]: one for one in model.find(asked)}, asked
            assert await engine.count_documents(asked) == len(found), asked
            return f"find {asked}"
        case "sort":
            asked = {"at": {"$gt": dice.choice(NUMBERS)}}
            direction = dice.choice([ASCENDING, DESCENDING])
            first = dice.choice(["at", "version", "text"])
            order = [(first, direction), ("_id", ASCENDING)]
            limit = dice.randrange(1, 9)
            found_ids = [one["_id"] async for one in engine.find(asked).sort(order).limit(limit)]
            assert found_ids == [one["_id"] for one in model.ordered(asked, order, limit)], (asked, order)
            return f"sort {asked} {order}"
        case _:
            asked = query(dice)
            sums = {"_id": "$version", "count": {"$sum": 1}, "total": {"$sum": "$tally.counted"}}
            rows = await engine.aggregate([{"$match": asked}, {"$group": sums}])
            answer_of = {one["_id"]: (one["count"], one["total"]) async for one in rows}
            wanted: dict[Any, tuple[int, int]] = {}
            for one in model.find(asked):
                count, total = wanted.get(one["version"], (0, 0))
                wanted[one["version"]] = count + 1, total + one["tally"]["counted"]
            assert answer_of == wanted, asked
            return f"group {asked}"


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize("seed", range(12))
async def test_random_operations_leave_what_mongodb_would(
    engines: RunningEngines, database: str, seed: int, *, indexed: bool
) -> None:
    dice = random.Random(seed)
    store = Store.connect(engines.mongo, database)
    done: list[str] = []
    try:
        engine, model = store.collection(f"model_{seed}_{indexed}"), Model()
        for number in range(120):
            if indexed and number == 0:
                await engine.create_index([("text", ASCENDING)])
            if indexed and number == 40:  # of what is there already
                await engine.create_index([("at", DESCENDING), ("version", ASCENDING)])
            done.append(await step(dice, engine, model))
            stored = {one["_id"]: one async for one in engine.find({})}
            assert stored == model.documents, done[-1]
    finally:
        await store.close()


async def test_of_many_who_compare_and_set_at_once_one_wins(engines: RunningEngines, database: str) -> None:
    store = Store.connect(engines.mongo, database)
    try:
        engine = store.collection("contested")
        await engine.insert_one({"_id": "x", "version": 0})
        for version in range(50):
            answers = await asyncio.gather(
                *(
                    engine.update_one({"_id": "x", "version": version}, {"$set": {"version": version + 1}})
                    for _ in range(4)
                )
            )
            assert sum(one.matched_count for one in answers) == 1
    finally:
        await store.close()


async def test_a_unique_field_is_taken_once(engines: RunningEngines, database: str) -> None:
    store = Store.connect(engines.mongo, database)
    try:
        engine = store.collection(f"unique_{uuid4().hex[:6]}")
        await engine.create_index([("contact", ASCENDING), ("seq", ASCENDING)], unique=True)
        await engine.insert_one({"_id": "a", "contact": "c", "seq": 1})
        await engine.insert_one({"_id": "b", "contact": "c", "seq": 2})
        with pytest.raises(DuplicateKeyError):
            await engine.insert_one({"_id": "d", "contact": "c", "seq": 2})
    finally:
        await store.close()


async def test_of_many_who_count_at_once_each_learns_his_own_number(
    engines: RunningEngines, database: str
) -> None:
    store = Store.connect(engines.mongo, database)
    try:
        engine = store.collection("counted")

        async def count(name: str) -> int:
            while True:
                try:
                    before = await engine.find_one_and_update(
                        {"_id": name}, {"$inc": {"count": 1}}, upsert=True,
                        return_document=ReturnDocument.BEFORE,
                    )  # fmt: skip
                    return 1 if before is None else before["count"] + 1
                except DuplicateKeyError:
                    continue

        for name in map(str, range(20)):
            assert sorted(await asyncio.gather(*(count(name) for _ in range(12)))) == list(range(1, 13))
    finally:
        await store.close()
