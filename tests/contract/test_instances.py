"""Events that the code can write are events that the schemas allow, and every reader reads them back."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from support.generated import instances
from ventanilla.contract_docs.asyncapi import document
from ventanilla.contract_docs.schemas import schema
from ventanilla.contracts.event import Event
from ventanilla.stream.records import decode, encode
from ventanilla.topics import ALL, Topic


class Record:
    """What a consumer sees of a record."""

    def __init__(self, topic: str, key: bytes, value: bytes) -> None:
        self.topic, self.key, self.value = topic, key, value


def validator(topic: Topic) -> Draft202012Validator:
    Draft202012Validator.check_schema(schema(topic))
    return Draft202012Validator(schema(topic), format_checker=FormatChecker())


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
def test_every_event_fits_its_schema_and_is_read_back_as_it_was(topic: Topic) -> None:
    allowed = validator(topic)
    declared = document()["components"]["messages"][f"{topic.event.__name__}-{topic.name.replace('.', '-')}"]
    header_rules = Draft202012Validator(declared["headers"])

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(instances(topic.event))
    def holds(event: Event) -> None:
        record = encode((topic, event), f"/ventanilla/{topic.producer}".encode())
        allowed.validate(json.loads(record.value))
        header_rules.validate({name: value.decode() for name, value in record.headers})
        assert decode(Record(record.topic, record.key, record.value), {topic.name: topic.event}) == event

    holds()


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
def test_a_field_of_a_newer_writer_is_ignored(topic: Topic) -> None:
    @settings(max_examples=5, deadline=None)
    @given(instances(topic.event))
    def holds(event: Event) -> None:
        value: dict[str, Any] = json.loads(event.model_dump_json()) | {"of_tomorrow": {"x": 1}}
        validator(topic).validate(value)
        assert topic.event.model_validate_json(json.dumps(value)) == event

    holds()


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
def test_an_event_without_what_is_required_fits_no_schema(topic: Topic) -> None:
    required = schema(topic)["required"]
    assert set(required) >= {"id", "occurred_at", "contact_id", "correlation_id"}

    @settings(max_examples=5, deadline=None)
    @given(instances(topic.event), st.sampled_from(required))
    def holds(event: Event, name: str) -> None:
        value = json.loads(event.model_dump_json(exclude={name}))
        assert not validator(topic).is_valid(value)

    holds()


def test_money_is_a_decimal_string_to_the_last_cent() -> None:
    (allotment,) = [topic for topic in ALL if topic.name == "billing.allotment.v1"]
    event = allotment.event.model_validate(
        {
            "id": "1", "occurred_at": datetime(2026, 11, 1, tzinfo=UTC), "contact_id": "whatsapp:2026-11",
            "correlation_id": "1", "channel": "whatsapp", "month": "2026-11", "threshold_percent": 50,
            "used": 14000, "allotment": 28000, "cost": Decimal("3277.10"),
        }
    )  # fmt: skip
    value = json.loads(encode((allotment, event), b"/ventanilla/billing").value)
    assert value["cost"] == "3277.10"
    validator(allotment).validate(value)
