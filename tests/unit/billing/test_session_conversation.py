"""Every session says in which conversation its first message was sent, however it came to open there."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from billing.domain.meter import Meter, meter
from support.statuses import ACCOUNT, status
from ventanilla.contracts.billing import MeterMoved, SessionChange, SessionChanged
from ventanilla.contracts.channel import Channel, DeliveryStatus, MessageStatus
from ventanilla.contracts.conversation import ContactLinked
from ventanilla.contracts.event import Event

START = datetime(2026, 11, 2, 15, tzinfo=UTC)
CONTACT, ALIAS = "a" * 32, "b" * 32
decide = meter(ZoneInfo("America/El_Salvador"))


def sent(message: str, hours: float, conversation: str | None, contact: str = CONTACT) -> MessageStatus:
    found = status(contact, message, START + timedelta(hours=hours))
    return found.model_copy(update={"conversation_id": conversation})


def told(*events: Event) -> list[Event]:
    state: Meter | None = None
    said: list[Event] = []
    for event in events:
        decision = decide(state, event)
        state = decision.state
        said += [output for _, output in decision.outputs]
    return said


def conversations(said: list[Event]) -> list[tuple[SessionChange, str | None]]:
    return [(one.change, one.conversation_id) for one in said if isinstance(one, SessionChanged)]


def test_a_session_belongs_to_the_conversation_of_the_message_that_opened_it() -> None:
    said = told(sent("wamid.1", 0, "talk-1"), sent("wamid.2", 1, "talk-2"), sent("wamid.3", 30, "talk-3"))
    assert conversations(said) == [
        (SessionChange.OPENED, "talk-1"),
        (SessionChange.EXTENDED, None),  # as it was before
        (SessionChange.OPENED, "talk-3"),
    ]


def test_a_message_that_nobody_of_ours_sent_belongs_to_no_conversation() -> None:
    assert conversations(told(sent("wamid.1", 0, None))) == [(SessionChange.OPENED, None)]


def test_a_session_that_opens_elsewhere_after_all_belongs_to_its_new_first_message() -> None:
    said = told(
        sent("wamid.1", 0, "talk-1"),
        sent("wamid.2", 23, "talk-2"),
        sent("wamid.3", 25, "talk-3"),
        sent("wamid.0", -2, "talk-0"),
    )
    assert conversations(said)[3:] == [
        (SessionChange.VOIDED, None),
        (SessionChange.VOIDED, None),
        (SessionChange.OPENED, "talk-0"),
        (SessionChange.OPENED, "talk-2"),
    ]


def test_a_reading_that_names_no_conversation_takes_none_away() -> None:
    read = status(CONTACT, "wamid.2", START + timedelta(hours=26), DeliveryStatus.READ)
    said = told(
        sent("wamid.1", 0, "talk-1"), sent("wamid.2", 25, "talk-2"), read, sent("wamid.0", -2, "talk-0")
    )
    assert (SessionChange.OPENED, "talk-2") in conversations(said)


def test_what_is_handed_to_the_other_id_of_a_person_keeps_its_conversation() -> None:
    linked = ContactLinked(
        id="link", occurred_at=START, contact_id=ALIAS, correlation_id="link", alias_id=ALIAS,
        canonical_id=CONTACT, merged=True, channel=Channel.WHATSAPP, account=ACCOUNT,
    )  # fmt: skip
    moved = [one for one in told(sent("wamid.1", 0, "talk-1", ALIAS), linked) if isinstance(one, MeterMoved)]
    assert conversations(told(*moved)) == [(SessionChange.OPENED, "talk-1")]
