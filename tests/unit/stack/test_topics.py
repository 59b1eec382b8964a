"""What every topic should be, and how a broker's differ from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.topics import Copies, TopicsError, copies_from, declared
from stack.topics.declared import Actual, Declared, compared
from ventanilla.topics import ALL, RECEIVED

REPLICATION, MIN_INSYNC = "VENTANILLA_KAFKA_REPLICATION", "VENTANILLA_KAFKA_MIN_INSYNC"


def as_declared(topic: Declared) -> Actual:
    return Actual(topic.partitions, topic.replication, dict(topic.configs))


def received(**changes: int | str) -> tuple[list[Declared], Actual]:
    """One declared topic for three brokers, and the broker's, which has `changes`."""
    (topic,) = (one for one in declared(Copies(3)) if one.name == RECEIVED.name)
    configs = {**topic.configs, **{k.replace("_", "."): str(v) for k, v in changes.items() if "_" in k}}
    numbers = {"partitions": topic.partitions, "replication": topic.replication}
    numbers |= {name: int(value) for name, value in changes.items() if name in numbers}
    return [topic], Actual(**numbers, configs=configs)


def test_every_topic_and_each_dead_letter_topic_is_declared_with_its_settings() -> None:
    wanted = {topic.name: topic for topic in declared(Copies(3))}
    assert {topic.name for topic in ALL} < wanted.keys()
    assert "channel.message.echoed.v1.ingest.dlq" in wanted
    assert all(topic.replication == 3 for topic in wanted.values())
    assert wanted[RECEIVED.name].configs == {
        "retention.ms": str(14 * 24 * 3600 * 1000),
        "cleanup.policy": "delete",
        "min.insync.replicas": "2",
    }


@given(st.integers(1, 9))
def test_one_broker_may_always_be_down_and_one_alone_is_enough(replication: int) -> None:
    copies = copies_from({REPLICATION: str(replication)})
    assert copies.acknowledging == max(1, replication - 1)
    wanted = declared(copies)
    assert not compared(wanted, {topic.name: as_declared(topic) for topic in wanted})


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({REPLICATION: "three"}, REPLICATION),
        ({REPLICATION: "0"}, REPLICATION),
        ({REPLICATION: "٣"}, REPLICATION),
        ({MIN_INSYNC: "-1"}, MIN_INSYNC),
        ({MIN_INSYNC: "2"}, MIN_INSYNC),
        ({REPLICATION: "3", MIN_INSYNC: "4"}, MIN_INSYNC),
    ],
)
def test_copies_that_cannot_be_are_told_with_the_variables_name(
    environment: dict[str, str], named: str
) -> None:
    with pytest.raises(TopicsError, match=named):
        copies_from(environment)


def test_what_is_set_otherwise_is_told_with_both_values() -> None:
    wanted, actual = received(retention_ms=1000)
    (line,) = compared(wanted, {RECEIVED.name: actual}).lines()
    assert line.startswith(f"{RECEIVED.name}: retention.ms is 1000, declared 1209600000; ")


def test_a_topic_with_too_few_replicas_is_not_made_unwritable() -> None:
    wanted, actual = received(replication=1, min_insync_replicas=1)
    found = compared(wanted, {RECEIVED.name: actual})
    assert found.settings == []
    (line,) = found.lines()
    assert "kafka-reassign-partitions" in line


@pytest.mark.parametrize(("partitions", "word"), [(3, "--add-partitions"), (12, "takes none away")])
def test_other_partitions_are_told_with_what_it_means(partitions: int, word: str) -> None:
    wanted, actual = received(partitions=partitions)
    (line,) = compared(wanted, {RECEIVED.name: actual}).lines()
    assert word in line


def test_a_missing_topic_and_nothing_else_of_it_is_told() -> None:
    wanted, _ = received()
    (line,) = compared(wanted, {"somebody.elses": Actual(1, 1, {})}).lines()
    assert line == f"{RECEIVED.name}: missing; `ventanilla topics apply` makes it"
