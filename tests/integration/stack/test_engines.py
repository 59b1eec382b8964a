"""The embedded engines start, answer, keep their data and stop."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from stack.engines import EngineError, free_port, kafka_answers, mongo_answers, start_engines
from ventanilla.store import Store


async def test_a_restart_on_the_same_folder_finds_the_documents_and_the_records(tmp_path: Path) -> None:
    with start_engines(tmp_path) as first:
        store = Store.connect(first.mongo, "kept")
        await store.collection("things").insert_one({"_id": "a", "value": 1})
        await store.close()
        producer = AIOKafkaProducer(bootstrap_servers=first.kafka)
        await producer.start()
        await producer.send_and_wait("kept", b"a record")
        await producer.stop()

    with start_engines(tmp_path) as second:
        store = Store.connect(second.mongo, "kept")
        assert await store.collection("things").find_one({"_id": "a"}) == {"_id": "a", "value": 1}
        await store.close()
        consumer = AIOKafkaConsumer("kept", bootstrap_servers=second.kafka, auto_offset_reset="earliest")
        await consumer.start()
        record: Any = await consumer.getone()
        await consumer.stop()
        assert record.value == b"a record"


def test_stopping_frees_both_ports(tmp_path: Path) -> None:
    with start_engines(tmp_path) as engines:
        ports = [engine.port for engine in engines.both]
        assert kafka_answers(ports[0])
        assert mongo_answers(ports[1])
    assert not kafka_answers(ports[0])
    assert not mongo_answers(ports[1])


def test_a_taken_port_is_an_error_that_names_engine_and_port(
    tmp_path: Path, new_engines: Callable[[], Any]
) -> None:
    port = int(new_engines().kafka.split(":")[1])
    with pytest.raises(EngineError, match=f"embedded kafka cannot start: port {port} is taken"):
        start_engines(tmp_path / "second", kafka_port=port)


def test_an_engine_that_ends_at_once_is_an_error_with_its_last_lines(tmp_path: Path) -> None:
    (tmp_path / "kafka").mkdir()
    (tmp_path / "kafka" / "kafka.json").write_text("{ not what it wrote", encoding="utf-8")
    with pytest.raises(EngineError, match=r"embedded kafka ended with status \d+\n  .+"):
        start_engines(tmp_path)


def test_when_the_store_cannot_start_the_broker_is_stopped_again(
    tmp_path: Path, new_engines: Callable[[], Any]
) -> None:
    taken = int(new_engines().mongo.rsplit(":", 1)[1])
    kafka_port = free_port()
    with pytest.raises(EngineError, match="embedded mongo"):
        start_engines(tmp_path / "second", kafka_port=kafka_port, mongo_port=taken)
    assert not kafka_answers(kafka_port)
