"""State by key, exactly once in effect, without Kafka transactions.

For each batch: load the states that the cache lacks; decide each event in order; write the changed states in
unordered bulks, each guarded by the version that was read (compare-and-set) and bearing its own outputs (an
outbox) and the source positions that it has absorbed; publish the outputs; later, commit the offsets. A batch
is worked on in parts with different keys: while one part is being loaded, or written and published, another
is decided. So:

* killed before the write: the batch is read again and decided again, from the same state;
* killed after the write: the record's position is known, the decision is not repeated, and the outputs are
  published again from the document, under the same ids;
* a zombie whose partitions moved loses every compare-and-set and publishes nothing.

One document a key: `{_id: contact_id, version, state: <JSON>, journal: <JSON>, ...indexed}`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, Generic, TypeVar

import orjson
from aiokafka import TopicPartition
from pydantic import BaseModel

from ventanilla.contracts.event import Event
from ventanilla.dead_letters import DeadLetter
from ventanilla.observability import logger
from ventanilla.store import Collection, Document, Store, UpdateOne, guarded_upserts
from ventanilla.stream import metrics
from ventanilla.stream.consumer import Offsets, next_offsets
from ventanilla.stream.decision import Decision
from ventanilla.stream.failures import INFRASTRUCTURE
from ventanilla.stream.letters import Sorter
from ventanilla.stream.publisher import Publisher
from ventanilla.stream.records import Encoded, encode
from ventanilla.stream.states import Entry, States, Stored
from ventanilla.topics import ALL

log = logger(__name__)

S = TypeVar("S", bound=BaseModel)
Decide = Callable[[S | None, Event], Decision[S]]
Indexed = Callable[[S], Mapping[str, Any]]

_KINDS = {topic.name: topic for topic in ALL}
_MAX_CONFLICTS = 3
_PART = 125
"""Keys that are loaded together, and written together; a batch has up to 2,000 records."""

Pending = dict[str, list[tuple[Any, Event]]]
"""The events of a batch by key, each key's in order."""


class KeyedState(Generic[S]):
    """Processes one service's keyed topics. See the module's text for what is committed when."""

    def __init__(
        self,
        service: str,
        group: str,
        store: Store,
        publisher: Publisher,
        sorter: Sorter,
        *,
        collection: str,
        state: type[S],
        decide: Decide[S],
        indexed: Indexed[S] | None = None,
        cache_bytes: int = 128 * 1024 * 1024,
    ) -> None:
        self._source = f"/ventanilla/{service}".encode()
        self._collection: Collection = store.collection(collection)
        self._publisher = publisher
        self._sorter = sorter
        self._model = state
        self._decide = decide
        self._indexed = indexed
        self._states: States[S] = States(cache_bytes, self._entry)
        self._highwater: Callable[[TopicPartition], int | None] = lambda _: None
        self._processed = metrics.RECORDS.labels(group, "processed")
        self._repeated = metrics.RECORDS.labels(group, "repeated")
        self._conflicts = metrics.CONFLICTS.labels(group)

    def watch_highwater(self, highwater: Callable[[TopicPartition], int | None]) -> None:
        """Tells where each partition ends, to notice a topic that was made anew."""
        self._highwater = highwater

    async def read(self, contact_id: str) -> S | None:
        """The durable state of a key, for an API. Raises `StoreError`."""
        document = await self._collection.find_one({"_id": contact_id})
        return None if document is None else self._entry(_stored(document)).state

    async def forget(self) -> Offsets:
        """Drop the cache: another process may own these keys from now on."""
        self._states.clear()
        return {}

    async def process(self, records: list[Any]) -> Offsets:
        """One batch, durable and published when this returns the offsets to commit."""
        good, letters = self._sorter.events(records)
        pending = _by_key(_in_log_order(good))
        try:
            for _ in range(_MAX_CONFLICTS):
                pending = await self._round(pending, letters)
                if not pending:
                    break
                self._conflicts.inc(len(pending))
            else:
                raise RuntimeError("the same states are being written by another process")
            if letters:
                await self._publisher.bury(letters)
        except BaseException:
            # What the cache holds may be newer or older than the store: read it again.
            for key in _by_key(good):
                self._states.drop(key)
            raise
        self._processed.inc(len(good))
        self._states.trim()
        return next_offsets(records)

    async def _round(self, pending: Pending, letters: list[DeadLetter]) -> Pending:
        """Decide, write and publish once; returns what lost its compare-and-set and must be decided again."""
        keys = list(pending)
        parts = [keys[start : start + _PART] for start in range(0, len(keys), _PART)]
        loading = [asyncio.create_task(self._load(part)) for part in parts]
        working: list[asyncio.Task[list[str]]] = []
        try:
            for load in loading:
                entries = await load
                emitted = {
                    key: self._decide_key(entry, pending[key], letters) for key, entry in entries.items()
                }
                working.append(asyncio.create_task(self._keep(emitted, entries)))
                await asyncio.sleep(0)  # it is on its way while the next part is decided
        finally:
            await asyncio.gather(*loading, return_exceptions=True)
            kept = await asyncio.gather(*working, return_exceptions=True)
        lost: Pending = {}
        for one in kept:
            if isinstance(one, BaseException):
                raise one
            lost.update((key, pending[key]) for key in one)
        return lost

    async def _keep(self, emitted: dict[str, list[Encoded]], entries: dict[str, Entry[S]]) -> list[str]:
        """Write what changed of some keys, then publish for them. Returns the keys that were refused."""
        writes = {
            key: self._write(key, entries[key], outputs)
            for key, outputs in emitted.items()
            if entries[key].fresh
        }
        refused = await guarded_upserts(self._collection, [update for _, update in writes.values()])
        lost = [key for place, key in enumerate(writes) if place in refused]
        for key in lost:
            self._states.drop(key)
            del emitted[key]
        for key, (stored, _) in writes.items():
            entries[key].version += 1
            entries[key].fresh = False
            if key in emitted:
                self._states.written(key, stored)
        await self._publisher.send(list(chain.from_iterable(emitted.values())))
        return lost

    def _decide_key(
        self, entry: Entry[S], events: list[tuple[Any, Event]], letters: list[DeadLetter]
    ) -> list[Encoded]:
        """Decide a key's events in order. Returns all that must be published for them, old and new."""
        emitted: list[Encoded] = []
        new: list[tuple[Any, Event]] = []
        for record, event in events:
            if self._absorbed(entry, record):
                self._repeated.inc()
            else:
                new.append((record, event))
        if len(new) < len(events):
            # Decided by an earlier run, which may have died before it published: say it again.
            emitted.extend(entry.outbox or map(self._again, entry.stored_outbox))
        for record, event in new:
            try:
                decision = self._decide(entry.state, event)
            except INFRASTRUCTURE:
                raise
            except Exception as error:
                if not letters:  # one line a batch
                    log.error("decision_failed", topic=record.topic, exc_info=error)
                letters.append(self._sorter.failed(record, error))
                continue
            self._sorter.succeeded()
            if decision.state is entry.state and not decision.outputs:
                continue
            entry.fresh = True
            entry.state = decision.state
            entry.applied[_position(record)] = record.offset
            emitted.extend(encode(output, self._source) for output in decision.outputs)
        if entry.fresh:
            entry.outbox = emitted
        return emitted

    def _again(self, stored: tuple[str, Any]) -> Encoded:
        topic = _KINDS[stored[0]]
        return encode((topic, topic.event.model_validate(stored[1])), self._source)

    def _absorbed(self, entry: Entry[S], record: Any) -> bool:
        applied = entry.applied.get(_position(record), -1)
        if record.offset > applied:
            return False
        end = self._highwater(TopicPartition(record.topic, record.partition))
        # Positions past the end of the log belong to a topic of the same name that is no more.
        return end is None or applied < end

    def _write(self, key: str, entry: Entry[S], emitted: list[Encoded]) -> tuple[Stored, UpdateOne]:
        stored = Stored(
            entry.version + 1,
            None if entry.state is None else entry.state.model_dump_json(exclude_none=True),
            _journal(entry.applied, emitted),
        )
        document: Document = stored._asdict()
        if self._indexed is not None and entry.state is not None:
            document.update(self._indexed(entry.state))
        return stored, UpdateOne({"_id": key, "version": entry.version}, {"$set": document}, upsert=True)

    async def _load(self, keys: Sequence[str]) -> dict[str, Entry[S]]:
        entries: dict[str, Entry[S]] = {}
        missing: list[str] = []
        for key in keys:
            entry = self._states.get(key)
            if entry is None:
                missing.append(key)
            else:
                entries[key] = entry
        if missing:
            async for document in self._collection.find({"_id": {"$in": missing}}):
                entries[document["_id"]] = self._states.read(document["_id"], _stored(document))
        for key in missing:
            if key not in entries:
                entries[key] = self._states.read(key, None)
        return entries

    def _entry(self, stored: Stored) -> Entry[S]:
        journal = orjson.loads(stored.journal)
        return Entry(
            state=None if stored.state is None else self._model.model_validate_json(stored.state),
            version=stored.version,
            applied=journal["applied"],
            stored_outbox=[(topic, value) for topic, value in journal["outbox"]],
        )


def _journal(applied: dict[str, int], emitted: list[Encoded]) -> str:
    """`{"applied": {position: offset}, "outbox": [[topic, value]]}`; a value goes in as the JSON it is."""
    outbox = b",".join(b'["%b",%b]' % (record.topic.encode(), record.value) for record in emitted)
    return (b'{"applied":%b,"outbox":[%b]}' % (orjson.dumps(applied), outbox)).decode()


def _stored(document: Document) -> Stored:
    return Stored(document["version"], document["state"], document["journal"])


def _position(record: Any) -> str:
    return f"{record.topic}:{record.partition}"


def _by_key(good: Sequence[tuple[Any, Event]]) -> Pending:
    keys: Pending = {}
    for pair in good:
        keys.setdefault(pair[1].contact_id, []).append(pair)
    return keys


def _in_log_order(good: list[tuple[Any, Event]]) -> list[tuple[Any, Event]]:
    """Merge topics by the time of their records, so that cause comes before effect, as far as that shows.

    The order within one partition of one topic is never changed, whatever the clocks of producers say.
    """
    latest: dict[tuple[str, int], int] = {}
    ordered: list[tuple[int, int, tuple[Any, Event]]] = []
    for place, pair in enumerate(good):
        record = pair[0]
        partition = (record.topic, record.partition)
        moment = latest[partition] = max(record.timestamp, latest.get(partition, 0))
        ordered.append((moment, place, pair))
    ordered.sort(key=lambda item: item[:2])
    return [pair for _, _, pair in ordered]
