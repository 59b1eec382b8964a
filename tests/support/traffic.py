"""Citizens who write while something breaks, and the ledger of what they wrote: what must be true afterwards.

Everybody asks the bot the same question several times, so everybody must be told the same. The ledger holds
what ingest accepted (HTTP 200); the provider's own report says what it took; topics say what happened
between.
"""

import asyncio
import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from support.fault_table import Row
from support.fleet import SECRET, TOKEN_KEY, Fleet
from support.meter_histories import counted, oracle
from support.topics import events, records
from support.whatsapp import ACCOUNT, change, contact, message, raw, signed, webhook
from ventanilla.access import Role, issue_token
from ventanilla.contracts.channel import MessageStatus, OutboundMessage, ReceivedMessage
from ventanilla.stream.records import UndecodableError, decode
from ventanilla.topics import OUTBOUND, RECEIVED, STATUS

QUESTION = "q papeles piden pa quitar la hipoteca"


@dataclass
class Traffic:
    """`citizens` people who each write `messages` times, at random moments about `pause` seconds apart."""

    fleet: Fleet
    kafka: str
    seed: int
    citizens: int = 24
    messages: int = 5
    pause: float = 1.75
    accepted: dict[str, list[str]] = field(default_factory=dict)
    """The ledger: by number, the provider's ids of what ingest answered with 200, in order."""
    refused: Counter[int] = field(default_factory=Counter)
    """The other answers, by HTTP status; 0 is no answer. The provider sends those webhooks again."""

    _probes: "count[int]" = field(default_factory=count)

    def __post_init__(self) -> None:
        self.numbers = [f"5037{self.seed % 1000:03d}{index:04d}" for index in range(self.citizens)]
        self.accepted = {number: [] for number in self.numbers}

    # --- while it breaks --------------------------------------------------------------------------------

    async def talk(self) -> None:
        """Returns when everything was accepted, as the provider insists for seven days."""
        dice = random.Random(self.seed)
        paces = {
            number: [dice.uniform(0, 2 * self.pause) for _ in range(self.messages)] for number in self.numbers
        }

        async def citizen(client: httpx.AsyncClient, number: str) -> None:
            for place, pause in enumerate(paces[number]):
                await asyncio.sleep(pause)
                await self._tell(client, number, wamid := f"wamid.{number}.{place}")
                self.accepted[number].append(wamid)

        async with httpx.AsyncClient(timeout=15) as client, asyncio.TaskGroup() as group:
            for number in self.numbers:
                group.create_task(citizen(client, number))

    async def _tell(self, client: httpx.AsyncClient, number: str, wamid: str) -> None:
        words = message(from_=number, id=wamid, timestamp=str(int(time.time())), content={"body": QUESTION})
        body = raw(webhook(change(contacts=[contact("Ana", number)], messages=[words])))
        async with asyncio.timeout(180):
            while True:
                try:
                    url = f"{self.fleet.url('ingest')}/webhooks/whatsapp"
                    answer = await client.post(url, content=body, headers=signed(SECRET, body))
                    if answer.status_code == 200:
                        return
                    assert answer.status_code == 503, f"{answer.status_code}: {answer.text}"
                    self.refused[503] += 1
                except httpx.TransportError:
                    self.refused[0] += 1
                await asyncio.sleep(0.2)

    # --- afterwards -------------------------------------------------------------------------------------

    async def heard(self, seconds: float = 120) -> float:
        """One more person writes now; returns how long until he is answered, in seconds."""
        begun, number = time.monotonic(), f"5036{self.seed % 1000:03d}{next(self._probes):04d}"
        async with httpx.AsyncClient(timeout=15) as client:
            async with asyncio.timeout(seconds):
                await self._tell(client, number, f"wamid.{number}")
                while not await self._inbox(client, number):
                    await asyncio.sleep(0.05)
        return time.monotonic() - begun

    async def answered(self, seconds: float = 150) -> float:
        """Waits until each citizen has as many answers as questions, then for stragglers.

        Returns how long it took, in seconds. Raises `AssertionError` with who waits in vain.
        """
        begun = time.monotonic()
        missing: dict[str, int] = {}
        async with httpx.AsyncClient(timeout=15) as client:
            try:
                async with asyncio.timeout(seconds):
                    while missing := {
                        number: got
                        for number in self.numbers
                        if (got := len(await self._inbox(client, number))) < self.messages
                    }:
                        await asyncio.sleep(0.5)
            except TimeoutError:
                raise AssertionError(f"of {self.messages} answers came, by citizen: {missing}") from None
        took = time.monotonic() - begun
        await asyncio.sleep(3)
        return took

    async def _inbox(self, client: httpx.AsyncClient, number: str) -> list[dict[str, Any]]:
        try:
            answer = await client.get(f"{self.fleet.url('sandbox')}/sent", params={"contact": number})
            found: list[dict[str, Any]] = answer.json()
        except httpx.TransportError:
            return []
        return found

    async def verified(self, repeats_allowed: int = 0, *, alike: bool = True) -> int:
        """That nothing was lost, done twice or out of order, and that sessions are the oracle's.

        `alike`: that all were told the same, as they are while time passes for all alike.
        Returns how many sends the provider took twice, at most `repeats_allowed`: nobody can know of a send
        that the provider took and did not live to answer.
        """
        wanted = {wamid for ids in self.accepted.values() for wamid in ids}
        received = [one for one in await self._received() if one.provider_message_id in wanted]
        assert {one.provider_message_id for one in received} == wanted, "accepted and lost"
        assert len({one.id for one in received}) == len(wanted), "an event id stands for two messages"

        people = {one.contact_id for one in received}
        told = await self._told(people)
        kinds = {person: [one.content.type for one in ours] for person, ours in told.items()}
        assert not alike or len(set(map(str, kinds.values()))) == 1, (
            f"all asked the same, not all were told so: {kinds}"
        )

        taken = await self._taken_of({one.id for ours in told.values() for one in ours})
        repeats = 0
        for ours in told.values():
            names = [one.id for one in ours]
            mine = [opaque.split(":") for opaque in taken if opaque.split(":")[0] in names]
            went = list(dict.fromkeys(name for name, *_ in mine))
            assert set(went) == set(names), "decided and never sent"
            assert went == names, "the order of a conversation changed on its way out"
            repeats += len(mine) - len({(name, part) for name, part, *_ in mine})
        assert repeats <= repeats_allowed, f"{repeats} sends were taken twice"

        await self._sessions(people)
        return repeats

    def row(self, fault: str, repeats: int, recovery_seconds: float) -> Row:
        """For the table of faults."""
        accepted = sum(len(ids) for ids in self.accepted.values())
        return Row(fault, accepted, self.refused.total(), repeats, round(recovery_seconds, 1))

    async def _received(self) -> list[ReceivedMessage]:
        found: list[ReceivedMessage] = []
        for record in await records(self.kafka, RECEIVED.name):
            with suppress(UndecodableError):  # a test may have written what is no event
                event = decode(record, {RECEIVED.name: ReceivedMessage})
                found += [event] if isinstance(event, ReceivedMessage) else []
        return found

    async def _told(self, people: set[str]) -> dict[str, list[OutboundMessage]]:
        """What the router decided to send to each, once each, in order: a repeat bears the same id."""
        told: dict[str, dict[str, OutboundMessage]] = {person: {} for person in people}
        for one in await events(self.kafka, OUTBOUND, OutboundMessage, people):
            told[one.contact_id].setdefault(one.id, one)
        return {person: list(ours.values()) for person, ours in told.items()}

    async def _sessions(self, people: set[str]) -> None:
        """Waits until billing says the oracle's sessions for each of these contacts."""
        statuses = await events(self.kafka, STATUS, MessageStatus, people)
        expected = {
            person: oracle(counted(one for one in statuses if one.contact_id == person)) for person in people
        }
        token = issue_token(TOKEN_KEY, "test", Role.FINANCE)
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=15) as client:
            for person, openers in expected.items():
                assert openers, "nothing was delivered to somebody who was answered"
                said: list[Any] = []
                try:
                    async with asyncio.timeout(60):
                        while len(said) != len(openers):
                            url = f"{self.fleet.url('billing')}/v1/sessions"
                            said = (await client.get(url, params={"contact": person})).json()["items"]
                            await asyncio.sleep(0.1)
                except TimeoutError:
                    raise AssertionError(f"{len(openers)} sessions expected, billing says {said}") from None

    async def _taken_of(self, names: set[str], seconds: float = 60) -> list[str]:
        """What the provider took, as soon as that is all of `names`, or after so long.

        A replica that left holds its partitions for the session time-out: what was decided waits as long.
        """
        begun = time.monotonic()
        while True:
            taken = await self._taken()
            if names <= {opaque.split(":")[0] for opaque in taken} or time.monotonic() - begun > seconds:
                return taken
            await asyncio.sleep(0.5)

    async def _taken(self) -> list[str]:
        """Our names of the sends that the provider took, in its order."""
        found: list[str] = []
        after: str | None = ""
        async with httpx.AsyncClient(timeout=30) as client:
            while after is not None:
                query = {"account": ACCOUNT, "after": after} if after else {"account": ACCOUNT}
                page = (await client.get(f"{self.fleet.url('sandbox')}/v1/report", params=query)).json()
                found += [item["opaque"] for item in page["items"] if item["opaque"]]
                after = page["next"]
        return found
