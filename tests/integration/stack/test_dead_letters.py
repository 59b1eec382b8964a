"""Dead letters: listed with their reason, put back once, never shown."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from typer.testing import CliRunner

from stack import topics
from stack.cli import app
from stack.dead_letters import DeadLettersError, replay, waiting
from stack.engines import start_engines
from ventanilla.dead_letters import DeadLetter
from ventanilla.topics import OUTBOUND, RECEIVED


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[str]:
    with start_engines(tmp_path) as engines:
        yield engines.kafka


def letter(**changes: Any) -> DeadLetter:
    facts: dict[str, Any] = {
        "topic": RECEIVED.name, "service": "router", "reason": "handler_error", "error": "KeyError",
        "partition": 3, "offset": 17, "attempt": 1, "key": b"contact-1", "value": b'{"text":"privado"}',
        "original_headers": (("ce_id", b"event-1"),),
    }  # fmt: skip
    return DeadLetter(**(facts | changes))


async def bury(kafka: str, *letters: DeadLetter) -> None:
    await topics.apply(kafka)
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    for each in letters:
        await producer.send_and_wait(each.destination, each.value, each.key, headers=each.headers)
    await producer.stop()


async def read(kafka: str, topic: str) -> list[Any]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    found = await consumer.getmany(timeout_ms=3000)
    await consumer.stop()
    return [record for records in found.values() for record in records]


async def test_a_replay_puts_key_value_and_headers_back_once(kafka: str) -> None:
    await bury(kafka, letter())
    assert await replay(kafka) == (1, 0)
    assert await waiting(kafka) == []
    assert await replay(kafka) == (0, 0)
    [record] = await read(kafka, RECEIVED.name)
    assert (record.key, record.value) == (b"contact-1", b'{"text":"privado"}')
    assert list(record.headers) == [("ce_id", b"event-1")]


async def test_letters_of_one_topic_are_replayed_without_the_others(kafka: str) -> None:
    other = letter(topic=OUTBOUND.name, service="ingest")
    await bury(kafka, letter(), other)
    assert await replay(kafka, other.destination) == (1, 0)
    assert [item.letter.topic for item in await waiting(kafka)] == [RECEIVED.name]


async def test_what_fails_again_waits_again(kafka: str) -> None:
    await bury(kafka, letter())
    await replay(kafka)
    await bury(kafka, letter(attempt=2))
    assert [item.letter.attempt for item in await waiting(kafka)] == [2]


async def test_what_an_edge_refused_is_listed_and_left(kafka: str) -> None:
    refused = letter(service="ingest", partition=-1, offset=-1, reason="not_our_account")
    await bury(kafka, refused)
    assert await replay(kafka) == (0, 1)
    assert [item.letter.reason for item in await waiting(kafka)] == ["not_our_account"]
    assert await read(kafka, RECEIVED.name) == []


async def test_an_unknown_topic_is_told(kafka: str) -> None:
    with pytest.raises(DeadLettersError, match=r"no topic of dead letters is named x; there are "):
        await waiting(kafka, "x")


def test_the_list_names_place_and_reason_and_shows_no_content(kafka: str) -> None:
    import asyncio

    asyncio.run(bury(kafka, letter(), letter(service="ingest", partition=-1, offset=-1)))
    for options in ([], ["--json"]):
        result = CliRunner().invoke(
            app, ["dead-letters", "list", "--kafka", kafka, *options], env={"COLUMNS": "200"}
        )
        assert result.exit_code == 0
        assert f"{RECEIVED.name}[3]@17" in result.output
        assert "handler_error" in result.output
        assert "privado" not in result.output
        assert "contact-1" not in result.output


def test_a_broker_that_does_not_answer_is_told() -> None:
    result = CliRunner().invoke(app, ["topics", "diff", "--kafka", "127.0.0.1:1"])
    assert result.exit_code == 1
    assert "no broker answers at 127.0.0.1:1" in result.stderr
