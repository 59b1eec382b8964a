"""One message id that is reported delivered with another price or conversation is shown, and counts once."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

from billing.domain.meter import Meter, meter
from support.meter_histories import standing
from support.statuses import status
from ventanilla.contracts.billing import MeterNoted, Note
from ventanilla.contracts.channel import DeliveryStatus, MessageStatus, ProviderConversation, ProviderPricing
from ventanilla.contracts.event import Event

AT = datetime(2026, 11, 3, 15, tzinfo=UTC)
CONTACT = "a" * 32
decide = meter(ZoneInfo("America/El_Salvador"))
UTILITY = ProviderPricing(billable=True, model="PMP", category="utility", type="regular")
SERVICE = ProviderPricing(billable=False, model="PMP", category="service", type="free_customer_service")


def delivered(
    pricing: ProviderPricing | None,
    conversation: str | None = None,
    kind: DeliveryStatus = DeliveryStatus.DELIVERED,
) -> MessageStatus:
    talk = None if conversation is None else ProviderConversation(id=conversation)
    return status(CONTACT, "wamid.1", AT, kind).model_copy(update={"pricing": pricing, "conversation": talk})


def run(*events: MessageStatus) -> tuple[Meter, list[MeterNoted], list[Event]]:
    state: Meter | None = None
    said: list[Event] = []
    for event in events:
        decision = decide(state, event)
        state = decision.state and Meter.model_validate_json(
            decision.state.model_dump_json(exclude_none=True)
        )
        said += [output for _, output in decision.outputs]
    assert state is not None
    return state, [one for one in said if isinstance(one, MeterNoted)], said


def test_another_price_for_the_same_delivery_is_a_conflict_that_counts_nothing_more() -> None:
    state, notes, said = run(delivered(UTILITY), delivered(SERVICE), delivered(UTILITY))
    assert standing(said) == [(AT, 1)]
    assert {(one.note, one.reason, one.stands_at) for one in notes} == {(Note.CONFLICT, "payload", AT)}
    assert state.tally["counted"] == 1
    assert state.tally["duplicate:conflict"] >= 1


def test_another_conversation_of_the_provider_is_a_conflict_too() -> None:
    _, notes, _ = run(delivered(UTILITY, "c-1"), delivered(UTILITY, "c-2"))
    assert [one.reason for one in notes] == ["payload"]


def test_what_one_of_two_reports_leaves_away_is_no_conflict() -> None:
    for order in permutations([delivered(UTILITY, "c-1"), delivered(UTILITY), delivered(None)]):
        state, notes, _ = run(*order)
        assert notes == []
        assert state.tally == {"counted": 1, "duplicate": 2}


def test_a_reading_says_nothing_against_the_price_of_its_delivery() -> None:
    _, notes, _ = run(delivered(UTILITY), delivered(SERVICE, kind=DeliveryStatus.READ))
    assert notes == []


def test_another_time_is_told_as_such() -> None:
    later = status(CONTACT, "wamid.1", AT + timedelta(hours=1))
    _, notes, _ = run(delivered(UTILITY), later)
    assert [(one.reason, one.stands_at) for one in notes] == [("time", AT)]
