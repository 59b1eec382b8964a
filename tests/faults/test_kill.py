"""kill -9 of each service under traffic: nothing lost, nothing twice, order kept, sessions exact."""

import asyncio
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from stack.topics import apply
from support.engines import RunningEngines
from support.fleet import SECRET, TOKEN_KEY, Fleet
from support.whatsapp import ACCOUNT, change, contact, message, raw, signed, webhook
from ventanilla.access import Role, issue_token

CITIZENS = 24
MESSAGES = 5
QUESTION = "q papeles piden pa quitar la hipoteca"


@pytest.fixture
def fleet(fresh_engines: RunningEngines, database: str, tmp_path: Path) -> Iterator[Fleet]:
    asyncio.run(apply(fresh_engines.kafka))
    with Fleet(fresh_engines, database, tmp_path) as running:
        running.start()
        running.wait_ready()
        yield running


async def tell(client: httpx.AsyncClient, fleet: Fleet, number: str, text: str, wamid: str) -> None:
    """As the provider does: the same webhook again until it is answered with 200."""
    body = raw(
        webhook(
            change(
                contacts=[contact("Ana", number)],
                messages=[
                    message(from_=number, id=wamid, timestamp=str(int(time.time())), content={"body": text})
                ],
            )
        )
    )
    async with asyncio.timeout(90):
        while True:
            try:
                url = f"{fleet.url('ingest')}/webhooks/whatsapp"
                answer = await client.post(url, content=body, headers=signed(SECRET, body))
                if answer.status_code == 200:
                    return
                assert answer.status_code == 503, answer.text
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


async def sent(client: httpx.AsyncClient, fleet: Fleet, number: str) -> list[dict[str, Any]]:
    answer = await client.get(f"{fleet.url('sandbox')}/sent", params={"contact": number})
    found: list[dict[str, Any]] = answer.json()
    return found


async def traffic(fleet: Fleet, numbers: list[str]) -> None:
    """Each citizen writes at his own pace, over some ten seconds."""
    dice = random.Random(7)

    async def citizen(client: httpx.AsyncClient, number: str) -> None:
        for count in range(MESSAGES):
            await tell(client, fleet, number, QUESTION, f"wamid.{number}.{count}")
            await asyncio.sleep(dice.uniform(0.5, 3))

    async with httpx.AsyncClient(timeout=15) as client, asyncio.TaskGroup() as group:
        for number in numbers:
            group.create_task(citizen(client, number))


async def everyone_answered(fleet: Fleet, numbers: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Waits until each citizen has as many answers as questions, and then for stragglers."""
    async with httpx.AsyncClient(timeout=15) as client:
        found: dict[str, list[dict[str, Any]]] = {}
        try:
            async with asyncio.timeout(90):
                while sum(len(found.get(number, [])) >= MESSAGES for number in numbers) < len(numbers):
                    found = {number: await sent(client, fleet, number) for number in numbers}
                    await asyncio.sleep(0.5)
        except TimeoutError:
            missing = {number: len(got) for number, got in found.items() if len(got) < MESSAGES}
            raise AssertionError(f"answers missing: {missing}") from None
        await asyncio.sleep(3)
        return {number: await sent(client, fleet, number) for number in numbers}


async def sessions(fleet: Fleet, number: str) -> list[dict[str, Any]]:
    token = issue_token(TOKEN_KEY, "test", Role.FINANCE)
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as client:
        answer = await client.get(f"{fleet.url('billing')}/v1/sessions", params={"contact": number})
        found: list[dict[str, Any]] = answer.json()["items"]
        return found


def accepted(fleet: Fleet, numbers: list[str]) -> dict[str, list[str]]:
    """For each citizen, our own names of the parts that the provider took."""
    parts: dict[str, list[str]] = {number: [] for number in numbers}
    after: str | None = ""
    while after is not None:
        query = {"account": ACCOUNT, "after": after} if after else {"account": ACCOUNT}
        page = httpx.get(f"{fleet.url('sandbox')}/v1/report", params=query).json()
        for item in page["items"]:
            parts[item["contact"]].append(item["opaque"])
        after = page["next"]
    return parts


VICTIMS = ["ingest", "router", "bot", "agent-gateway", "billing"]


@pytest.mark.parametrize("victim", VICTIMS)
def test_a_killed_service_loses_and_repeats_nothing(fleet: Fleet, victim: str) -> None:
    numbers = [f"5037{VICTIMS.index(victim)}{index:06d}" for index in range(CITIZENS)]

    async def story() -> dict[str, list[dict[str, Any]]]:
        talking = asyncio.create_task(traffic(fleet, numbers))
        for _ in range(3):
            await asyncio.sleep(2)
            fleet.signal(victim, signal.SIGKILL)
            await asyncio.sleep(0.5)
            fleet.start(victim)
        await talking
        await asyncio.to_thread(fleet.wait_ready)
        return await everyone_answered(fleet, numbers)

    answers = asyncio.run(story())
    assert all(len(got) >= MESSAGES for got in answers.values())
    parts = accepted(fleet, numbers)
    distinct = {number: len(set(ours)) for number, ours in parts.items()}
    assert len(set(distinct.values())) == 1, f"all asked the same, not all were told the same: {distinct}"
    repeated = sum(len(ours) for ours in parts.values()) - sum(distinct.values())
    # The one repeat that cannot be ruled out: the provider took a send, and ingest died before it knew.
    assert repeated <= (CITIZENS if victim == "ingest" else 0), parts
    metered = [asyncio.run(sessions(fleet, number)) for number in numbers]
    assert [len(found) for found in metered] == [1] * CITIZENS, "each was answered within one session"
    counted = sum(found[0]["messages"] for found in metered)
    assert counted == sum(len(ours) for ours in parts.values())
