"""A month by day, area, queue and channel: sessions find their conversation, whichever comes first."""

import asyncio
import csv
import io
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest

from billing.store import Places, Sessions
from stack.topics import apply
from support.billing import Billing
from support.engines import RunningEngines
from support.statuses import ACCOUNT
from support.topics import write
from ventanilla.contracts.billing import SessionChange, SessionChanged
from ventanilla.contracts.channel import Channel
from ventanilla.contracts.conversation import Change, Conversation, ConversationChanged, ConversationState
from ventanilla.store import Store
from ventanilla.topics import LIFECYCLE, SESSION

E = TypeVar("E")

OPENED = datetime(2026, 11, 10, 15, 0, tzinfo=UTC)


@pytest.fixture
async def engines_of_its_own(new_engines: Callable[[], RunningEngines]) -> RunningEngines:
    engines = new_engines()
    await apply(engines.kafka)
    return engines


@pytest.fixture
async def api(billing: Billing, engines_of_its_own: RunningEngines) -> AsyncIterator[httpx.AsyncClient]:
    async with billing(engines_of_its_own) as client:
        yield client


def session(
    contact: str,
    conversation: str | None,
    at: datetime = OPENED,
    *,
    revision: int = 1,
    messages: int = 1,
    channel: Channel = Channel.WHATSAPP,
    account: str = ACCOUNT,
) -> SessionChanged:
    return SessionChanged(
        id=uuid4().hex, occurred_at=at, contact_id=contact, correlation_id="c",
        session_id=f"session-{contact}-{at.isoformat()}",
        change=SessionChange.OPENED if revision == 1 else SessionChange.EXTENDED,
        channel=channel, account=account, opened_at=at, closes_at=at + timedelta(days=1), month="2026-11",
        messages=messages, cause_id="s", revision=revision, conversation_id=conversation,
    )  # fmt: skip


def place(
    contact: str, conversation: str, revision: int, area: str | None, queue: str | None
) -> ConversationChanged:
    return ConversationChanged(
        id=uuid4().hex, occurred_at=OPENED, contact_id=contact, correlation_id="c",
        change=Change.CLASSIFIED, cause_id="m", actor="bot",
        conversation=Conversation(
            id=conversation, contact_id=contact, channel=Channel.WHATSAPP, account=ACCOUNT,
            state=ConversationState.WITH_BOT, revision=revision, opened_at=OPENED, state_since=OPENED,
            last_inbound_at=OPENED, area=area, queue=queue,
        ),
    )  # fmt: skip


async def usage(api: httpx.AsyncClient, expected: dict[str | None, int]) -> dict[str, Any]:
    """The month, as soon as its areas have so many sessions."""
    found: dict[str, Any] = {}
    try:
        async with asyncio.timeout(30):
            while {one["area"]: one["sessions"] for one in found.get("areas", [])} != expected:
                await asyncio.sleep(0.1)
                answer = await api.get("/v1/usage", params={"month": "2026-11"})
                assert answer.status_code == 200, answer.text
                found = answer.json()
    except TimeoutError:
        raise AssertionError(f"expected {expected}, found {found.get('areas')}") from None
    return found


async def test_a_session_is_its_conversations_whichever_becomes_known_first(
    engines_of_its_own: RunningEngines, api: httpx.AsyncClient
) -> None:
    kafka = engines_of_its_own.kafka
    early, late, stranger = uuid4().hex, uuid4().hex, uuid4().hex
    await write(kafka, LIFECYCLE, [place(early, "talk-1", 3, "rprh", "rprh")])
    await write(kafka, SESSION, [session(late, "talk-2"), session(stranger, None)])
    await usage(api, {None: 2})
    await write(kafka, SESSION, [session(early, "talk-1")])
    await usage(api, {"rprh": 1, None: 2})
    await write(kafka, LIFECYCLE, [place(late, "talk-2", 2, "comercio", "comercio")])
    await usage(api, {"rprh": 1, "comercio": 1, None: 1})
    # It was moved, and an old change is heard again: the latest revision stands. Messages change nothing.
    moved = [place(early, "talk-1", 4, "rpi", "rpi"), place(early, "talk-1", 2, None, None)]
    await write(kafka, LIFECYCLE, moved)
    await write(kafka, SESSION, [session(early, None, revision=2, messages=5)])
    found = await usage(api, {"rpi": 1, "comercio": 1, None: 1})
    assert [(one["queue"], one["name"]) for one in found["queues"]] == [
        ("comercio", "Comercio"), ("rpi", "Propiedad Intelectual"), (None, None),
    ]  # fmt: skip
    assert found["areas"][0]["name"] == "Registro de Comercio"


async def test_every_view_of_the_month_sums_up_to_its_cost(
    engines_of_its_own: RunningEngines, api: httpx.AsyncClient
) -> None:
    kafka = engines_of_its_own.kafka
    areas = ("rprh", "comercio", "rpi")
    people = [uuid4().hex for _ in range(7)]
    await write(
        kafka,
        SESSION,
        [
            session(one, f"talk-{one}", OPENED + timedelta(days=n), messages=n + 1)
            for n, one in enumerate(people)
        ],
    )
    await write(
        kafka,
        LIFECYCLE,
        [place(one, f"talk-{one}", 1, areas[n % 3], areas[n % 3]) for n, one in enumerate(people)],
    )
    web = session(uuid4().hex, None, channel=Channel.WEBCHAT, account="web")
    rehearsal = session(uuid4().hex, None, account="106540352242999")
    await write(kafka, SESSION, [web, rehearsal])
    found = await usage(api, {"rprh": 3, "comercio": 2, "rpi": 2, None: 1})
    balance = (await api.get("/v1/balance", params={"month": "2026-11"})).json()
    assert (found["sessions"], found["messages"], found["cost"]) == (8, 29, balance["cost"])
    for view in ("days", "areas", "queues", "parts"):
        assert sum(one["sessions"] for one in found[view]) == 8
        assert sum(one["messages"] for one in found[view]) == 29
        assert sum(Decimal(one["cost"]) for one in found[view]) == Decimal(balance["cost"])
    exact = Decimal(balance["cost"]) * 3 / 7
    assert abs(Decimal(found["areas"][2]["cost"]) - exact) < Decimal("0.01")
    assert [one["day"] for one in found["days"]] == [f"2026-11-{day}" for day in range(10, 17)]
    by_channel = {one["channel"]: (one["sessions"], one["cost"]) for one in found["channels"]}
    assert by_channel == {"whatsapp": (7, balance["cost"]), "webchat": (1, "0.00")}
    assert found["unshared"] == "0.00"

    file = await api.get("/v1/usage.csv", params={"month": "2026-11"})
    assert file.headers["content-type"].startswith("text/csv")
    assert "usage-2026-11.csv" in file.headers["content-disposition"]
    lines = list(csv.DictReader(io.StringIO(file.text)))
    assert sum(Decimal(line["cost"]) for line in lines) == Decimal(balance["cost"])
    assert {line["area"] for line in lines} == {*areas, ""}


async def test_what_a_month_without_a_session_costs_is_nobodys_share(api: httpx.AsyncClient) -> None:
    found = (await api.get("/v1/usage", params={"month": "2026-10"})).json()
    balance = (await api.get("/v1/balance", params={"month": "2026-10"})).json()
    assert (found["sessions"], found["cost"], found["unshared"]) == (0, "0.00", balance["cost"])
    assert found["parts"] == []
    wrong = await api.get("/v1/usage", params={"month": "2026-13"})
    assert wrong.status_code == 422


@pytest.mark.parametrize("seed", range(5))
async def test_every_session_finds_its_place_however_the_two_topics_interleave(
    engines: RunningEngines, database: str, seed: int
) -> None:
    """Two readers at once, each with its topic in order and in pieces, some of it read twice."""
    dice = random.Random(seed)
    store = Store.connect(engines.mongo, database)
    zone = ZoneInfo("America/El_Salvador")
    sessions, places = Sessions(store, zone), Places(store, zone)
    await sessions.prepare()
    await places.prepare()
    people = [f"person-{number}" for number in range(30)]
    areas = {one: dice.choice(["rprh", "comercio", "rpi"]) for one in people}
    opened = [session(one, f"talk-{one}") for one in people]
    opened += [session(one, None, revision=2, messages=3) for one in people]
    moves = [place(one, f"talk-{one}", 1, None, None) for one in people]
    moves += [place(one, f"talk-{one}", 2, areas[one], areas[one]) for one in people]

    async def read_sessions() -> None:
        for piece in _pieces(dice, opened):
            await sessions.apply(piece)
            await places.join({one.conversation_id for one in piece if one.conversation_id is not None})
            await asyncio.sleep(dice.random() / 100)

    async def read_places() -> None:
        for piece in _pieces(dice, moves):
            await places.learn(piece)
            await asyncio.sleep(dice.random() / 100)

    try:
        await asyncio.gather(read_sessions(), read_places())
        found = Counter[str | None]()
        for cell, tally in (await sessions.usage("2026-11", [ACCOUNT])).items():
            found[cell.area] += tally.sessions
        assert found == Counter(areas.values())
    finally:
        await store.close()


def _pieces(dice: random.Random, events: list[E]) -> Iterator[list[E]]:
    """In order; a piece that was read before a crash is read again."""
    start = 0
    while start < len(events):
        piece = events[start : start + dice.randint(1, 12)]
        yield piece
        if dice.random() < 0.8:
            start += len(piece)
