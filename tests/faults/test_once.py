"""What is said once is there once: killed at every step, frozen and fenced, tried by several at a time."""

import asyncio
import os
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from uuid import uuid4

import pytest

from stack.topics import apply
from support.engines import RunningEngines
from support.sayer import STEPS, say, threshold
from support.topics import records, write
from ventanilla.contracts.billing import AllotmentReached
from ventanilla.topics import ALLOTMENT

COUNT = 4


@pytest.fixture
def service() -> str:
    return f"svc-{uuid4().hex[:8]}"


@pytest.fixture
def month() -> str:
    """One that no other test speaks of."""
    return uuid4().hex[:8]


@pytest.fixture
async def kafka(engines: RunningEngines) -> str:
    await apply(engines.kafka)
    return engines.kafka


async def process(kafka: str, service: str, month: str, step: str = "-", number: int = 0) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "support.sayer", kafka, service, month, str(COUNT), step, str(number),
        stdout=PIPE, stderr=PIPE, env={"PYTHONPATH": "tests"},
    )  # fmt: skip


async def said(kafka: str, month: str) -> Counter[int]:
    """How often each percent stands on the topic, as who reads committed records sees it."""
    # Other tests write to the topic too, and not only events; the month is in the key.
    events = [
        AllotmentReached.model_validate_json(one.value or b"")
        for one in await records(kafka, ALLOTMENT.name)
        if month.encode() in (one.key or b"")
    ]
    return Counter(one.threshold_percent for one in events)


async def said_in_the_end(kafka: str, month: str) -> Counter[int]:
    """As soon as all can be seen: Kafka shows what was committed some moments after it said so."""
    async with asyncio.timeout(20):
        while (found := await said(kafka, month)).total() < COUNT:
            await asyncio.sleep(0.1)
    return found


def each_once() -> Counter[int]:
    return Counter(range(1, COUNT + 1))


@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_any_step_all_or_nothing_is_there_and_the_next_process_says_the_rest(
    kafka: str, service: str, month: str, step: str
) -> None:
    victim = await process(kafka, service, month, step, signal.SIGKILL)
    assert await victim.wait() == -signal.SIGKILL

    new = await say(kafka, service, month, COUNT)

    assert new == ([] if step == "committed" else [1, 2, 3, 4])
    assert await said_in_the_end(kafka, month) == each_once()


@pytest.mark.parametrize("step", ["began", "read", "sent_one", "sent_all"])
async def test_a_frozen_process_that_wakes_when_another_has_said_it_says_nothing_more(
    kafka: str, service: str, month: str, step: str
) -> None:
    zombie = await process(kafka, service, month, step, signal.SIGSTOP)
    await asyncio.to_thread(os.waitid, os.P_PID, zombie.pid, os.WSTOPPED | os.WNOWAIT)
    assert await say(kafka, service, month, COUNT) == [1, 2, 3, 4]
    zombie.send_signal(signal.SIGCONT)
    output, complaints = await zombie.communicate()

    assert zombie.returncode == 0
    assert output.split() == []
    assert b"never retrieved" not in complaints
    assert await said_in_the_end(kafka, month) == each_once()


async def test_five_processes_at_a_time_say_each_once_together(kafka: str, service: str, month: str) -> None:
    rivals = [await process(kafka, service, month) for _ in range(5)]
    outputs = [(await one.communicate())[0] for one in rivals]

    assert [one.returncode for one in rivals] == [0] * 5
    assert sorted(int(word) for output in outputs for word in output.split()) == [1, 2, 3, 4]
    assert await said_in_the_end(kafka, month) == each_once()


async def test_killed_at_random_moments_time_and_again(kafka: str, service: str, month: str) -> None:
    dice = random.Random(7)
    for _ in range(8):
        victim = await process(kafka, service, month)
        await asyncio.sleep(dice.uniform(0.4, 1.6))
        if victim.returncode is None:
            victim.kill()
        await victim.wait()
        assert (await said(kafka, month)) in (Counter(), each_once())

    await say(kafka, service, month, COUNT)
    assert await said_in_the_end(kafka, month) == each_once()


async def test_what_stands_there_already_is_not_said_again(kafka: str, service: str, month: str) -> None:
    """Whoever wrote it: an older version of ours did so without a transaction."""
    await write(kafka, ALLOTMENT, [threshold(month, 1), threshold(month, 2)])

    assert await say(kafka, service, month, COUNT) == [3, 4]
    assert await say(kafka, service, month, COUNT) == []
    assert await said_in_the_end(kafka, month) == each_once()
