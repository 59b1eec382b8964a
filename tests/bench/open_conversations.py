"""What a message costs the router by the number of open conversations.

Each is a document in the store, a copy of a real one. Citizens write four messages in a row, some 250 of
them at a time. First a thousand of them write and the others keep silent, so that only the number of open
conversations grows; then everybody is as likely to write as anybody else, the worst there is for a cache.
"""

import json
import random
from collections.abc import Iterator

from bench.child import child
from bench.keyed import DATABASE, SUBJECTS, publish
from bench.report import Series
from bench.sizes import Size, Start
from support.messages import received
from ventanilla.contracts.event import Event
from ventanilla.store import Document, InsertOne, Store

TARGET = 1.2
"""What a message may cost with the most of them against the fewest."""
_IN_A_ROW = 4
_AT_A_TIME = 250
_WRITERS = 1_000
_PAGE = 2_000
_MODEL = "f" * 32
_TEXT = "q papeles piden pa la hipoteca"


async def measure(start: Start, size: Size) -> list[Series]:
    """Microseconds a message by the wall and of the processor, and the memory of the router's process."""
    few, all_of_them = f"{_WRITERS:,} write", "all write"
    cost: dict[str, list[float]] = {}
    memory: dict[str, list[float]] = {few: [], all_of_them: []}
    for number in size.open_conversations:
        for who, writers in ((few, min(_WRITERS, number)), (all_of_them, number)):
            with start() as engines:
                await _open(engines.kafka, engines.mongo, number)
                talk = _talk(number, writers, size.messages)
                await publish(engines.kafka, SUBJECTS["router"].topic, talk)
                ours = await child("keyed", "router", engines.kafka, engines.mongo, size.messages)
            cost.setdefault(f"{who}, by the wall", []).append(1e6 / ours["rate"])
            cost.setdefault(f"{who}, of the processor", []).append(ours["processor_us"])
            memory[who].append(ours["peak_mb"])
    places = [f"{number:,}" for number in size.open_conversations]
    shares = [f"{name} {one[-1] / one[0]:.2f}" for name, one in cost.items()]
    notes = f"the most of them against the fewest: {'; '.join(shares)}; target {TARGET}"
    what = "open conversations"
    return [
        Series("Cost by open conversations", places, "µs a message", cost, what, notes=notes),
        Series("Memory by open conversations", places, "MB at most", memory, what),
    ]


def _contact(number: int) -> str:
    return f"{number:032x}"


def _talk(conversations: int, writers: int, messages: int) -> Iterator[Event]:
    """`writers` of the contacts write, spread evenly over all of them."""
    dice, number = random.Random(conversations), 1
    talks: list[list[int]] = []  # who writes, and how many messages he still has
    while number <= messages:
        while len(talks) < _AT_A_TIME:
            talks.append([dice.randrange(writers) * (conversations // writers), _IN_A_ROW])
        talk = dice.choice(talks)
        yield received(_contact(talk[0]), number, _TEXT)
        talk[1] -= 1
        if not talk[1]:
            talks.remove(talk)
        number += 1


async def _open(kafka: str, mongo: str, conversations: int) -> None:
    """The router opens one; the others are its copies."""
    await publish(kafka, SUBJECTS["router"].topic, [received(_MODEL, turn, _TEXT) for turn in range(2)])
    await child("keyed", "router", kafka, mongo, 1)
    store = Store.connect(mongo, DATABASE)
    collection = store.collection(SUBJECTS["router"].collection)
    model = await collection.find_one({"_id": _MODEL})
    assert model is not None, "the router has written it"
    journal = {**json.loads(model["journal"]), "applied": {}}
    model["journal"] = json.dumps(journal)
    for page in range(0, conversations, _PAGE):
        copies = (_copy(model, _contact(each)) for each in range(page, min(conversations, page + _PAGE)))
        await collection.bulk_write([InsertOne(one) for one in copies], ordered=False)
    await store.close()


def _copy(model: Document, contact: str) -> Document:
    state, journal = (model[name].replace(_MODEL, contact) for name in ("state", "journal"))
    return {**model, "_id": contact, "state": state, "journal": journal}
