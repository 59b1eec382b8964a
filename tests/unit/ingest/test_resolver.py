"""Who is who, when many requests ask at once and the store does not always answer."""

import asyncio
import dataclasses
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from ingest.identity.person import Person
from ingest.identity.resolver import Resolver
from ingest.store.addresses import Addresses
from ingest.store.aliases import Alias, Aliases
from ventanilla.contracts.channel import Channel
from ventanilla.store import StoreError

AT = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


class Memory:
    """Aliases and addresses in memory; answers as often as `answers` allows, and fails while `broken`."""

    def __init__(self) -> None:
        self.kept: dict[str, Alias] = {}
        self.addresses: dict[str, Person] = {}
        self.rival: dict[str, Alias] = {}
        """What another replica writes between our reading and our writing."""
        self.asked: list[set[str]] = []
        self.answers = asyncio.Semaphore(1000)
        self.broken = False

    async def find(self, aliases: Collection[str]) -> dict[str, Alias]:
        self.asked.append(set(aliases))
        await self.answers.acquire()
        if self.broken:
            raise StoreError("no answer")
        return {alias: self.kept[alias] for alias in aliases if alias in self.kept}

    async def insert(self, new: Mapping[str, tuple[str, datetime]]) -> dict[str, Alias]:
        self.kept |= self.rival
        inserted = {
            alias: Alias(contact, True, False, at)
            for alias, (contact, at) in new.items()
            if alias not in self.kept
        }
        self.kept.update(inserted)
        return inserted

    def knows(self, contact: str, person: Person) -> bool:
        return self.addresses.get(contact) == person

    async def learn(self, people: Mapping[str, Person], new: Collection[str]) -> None:
        assert not new & self.addresses.keys(), "what is said to be new is new"
        self.addresses.update(people)


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def resolver(memory: Memory, clock: list[float]) -> Resolver:
    async def publish(*_: Any) -> None:
        raise AssertionError("there is nothing to announce")

    stores = cast(Aliases, memory), cast(Addresses, memory)
    return Resolver(b"k" * 32, *stores, publish, clock=lambda: clock[0], remembered=3)


def person(number: str) -> Person:
    return Person(Channel.WHATSAPP, "a", (number,), AT, number=number)


async def test_who_is_remembered_costs_the_store_nothing_for_30_seconds(
    resolver: Resolver, memory: Memory, clock: list[float]
) -> None:
    first = await resolver.resolve([person("1")])
    asked = len(memory.asked)
    clock[0] = 29.0
    assert await resolver.resolve([person("1")]) == first
    assert len(memory.asked) == asked
    clock[0] = 31.0
    assert await resolver.resolve([person("1")]) == first
    assert len(memory.asked) == asked + 1


async def test_only_so_many_are_remembered(resolver: Resolver, memory: Memory) -> None:
    for number in "1234":
        await resolver.resolve([person(number)])
    asked = len(memory.asked)
    await resolver.resolve([person("4")])
    assert len(memory.asked) == asked
    await resolver.resolve([person("1")])
    assert len(memory.asked) == asked + 1


async def test_those_who_wait_share_one_turn(resolver: Resolver, memory: Memory) -> None:
    memory.answers = asyncio.Semaphore(0)
    first = asyncio.create_task(resolver.resolve([person("0")]))
    await asyncio.sleep(0)
    others = [asyncio.create_task(resolver.resolve([person(str(n)), person("0")])) for n in range(1, 30)]
    await asyncio.sleep(0)
    allow(memory, 1000)
    (zero,) = await first
    found = await asyncio.gather(*others)
    assert {contacts[1] for contacts in found} == {zero}
    assert len({contacts[0] for contacts in found}) == 29
    assert [len(aliases) for aliases in memory.asked] == [1, 30], "new contacts are not read back"


async def test_another_replica_that_was_quicker_decides(resolver: Resolver, memory: Memory) -> None:
    (ours,) = await resolver.resolve([person("1")])
    made = memory.kept.pop(ours)
    other = Resolver(
        b"k" * 32, cast(Aliases, memory), cast(Addresses, memory), resolver._publish, clock=lambda: 0.0
    )
    memory.rival = {ours: dataclasses.replace(made, contact="theirs"), "theirs": made}
    assert await other.resolve([person("1")]) == ["theirs"]


def allow(memory: Memory, answers: int) -> None:
    for _ in range(answers):
        memory.answers.release()


async def test_a_store_that_fails_fails_only_those_of_that_turn(resolver: Resolver, memory: Memory) -> None:
    memory.broken = True
    with pytest.raises(StoreError):
        await resolver.resolve([person("1")])
    memory.broken = False
    assert len(await resolver.resolve([person("1")])) == 1


async def test_a_request_that_ends_in_its_turn_leaves_nobody_waiting(
    resolver: Resolver, memory: Memory
) -> None:
    memory.answers = asyncio.Semaphore(0)
    first = asyncio.create_task(resolver.resolve([person("0")]))
    await asyncio.sleep(0)
    leader = asyncio.create_task(resolver.resolve([person("1")]))
    follower = asyncio.create_task(resolver.resolve([person("2")]))
    await asyncio.sleep(0)
    allow(memory, 1)
    await first
    while len(memory.asked) < 2:
        await asyncio.sleep(0)
    leader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leader
    with pytest.raises(StoreError):
        await follower
    allow(memory, 10)
    assert len(await resolver.resolve([person("2")])) == 1
