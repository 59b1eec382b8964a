"""From events to rows: any order, any repeats, the same rows."""

from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_gateway.domain.placing import conversation_at
from agent_gateway.domain.projection import Told, echoed, fold
from support.conversations import Story
from support.messages import NOON
from ventanilla.contracts.channel import (
    Channel,
    DeliveryStatus,
    EchoedMessage,
    MessageStatus,
    Text,
    TextOut,
    echo_id,
)
from ventanilla.contracts.conversation import (
    Change,
    Close,
    Conversation,
    ConversationState,
    Reply,
    Take,
    Transfer,
)
from ventanilla.contracts.event import Event, derived_id


def a_day() -> list[Event]:
    """One conversation from the first word to the last, as the router told it."""
    story = Story().says("hola").bot("Buenos días.").later(minutes=1).says("una persona").hands_over()
    story.later(minutes=2).taken().agent(Reply(content=TextOut(text="Con gusto.")))
    story.later(minutes=1).says("gracias").agent(Take(), "agente.comercio")
    story.later(minutes=1).agent(Transfer(queue="comercio")).taken("agente.comercio")
    story.later(minutes=1).agent(Close(), "agente.comercio")
    return [event for _, event in story.outputs]


DAY = a_day()


@given(st.randoms(use_true_random=False), st.integers(1, 3))
def test_a_shuffled_and_repeated_day_leaves_the_same_rows(random: Random, times: int) -> None:
    events = DAY * times
    random.shuffle(events)
    rows, expected = fold(events), fold(DAY)
    assert rows.snapshots == expected.snapshots
    assert rows.lines == expected.lines
    assert rows.latest == expected.latest
    assert rows.outcomes == expected.outcomes


def test_the_last_words_are_a_persons_and_not_the_institutions() -> None:
    (latest,) = fold(DAY).latest.values()
    assert latest.preview == "gracias"


def test_refused_and_done_acts_are_told_apart() -> None:
    outcomes = fold(DAY).outcomes.values()
    assert [one.reason for one in outcomes if not one.done] == ["already_taken"]
    assert sum(one.done for one in outcomes) == 5


def test_a_transcript_tells_who_had_the_conversation() -> None:
    notes = [line for line in fold(DAY).lines.values() if line.direction == "note"]
    told = [Told.model_validate_json(line.content).change for line in notes]
    assert [change for change in told if change is not Change.CLASSIFIED] == [
        Change.QUEUED, Change.ASSIGNED, Change.TRANSFERRED, Change.ASSIGNED, Change.CLOSED,
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_at_the_same_second_the_question_stands_above_its_answer(seed: int) -> None:
    lines = list(fold(event for _, event in Story().says("hola").bot("Buenos días.").outputs).lines.values())
    Random(seed).shuffle(lines)
    ordered = sorted(lines, key=lambda line: line.sort_key(NOON, lines.index(line)))
    assert [line.direction for line in ordered] == ["in", "out"]


@given(st.permutations([status for status in DeliveryStatus if status is not DeliveryStatus.REFUSED]))
def test_of_a_parts_statuses_the_furthest_stays(order: list[DeliveryStatus]) -> None:
    def status(kind: DeliveryStatus) -> MessageStatus:
        return MessageStatus(
            id=derived_id("s", kind), occurred_at=NOON, contact_id="a" * 32, correlation_id="c",
            channel=Channel.WHATSAPP, account="1", status=kind, message_id="m", conversation_id="k",
        )  # fmt: skip

    assert fold([status(kind) for kind in order]).statuses["m:0"].status is DeliveryStatus.PLAYED


# --- what was written on the institution's own telephone ---------------------------------------------------


def echo(at: datetime = NOON) -> EchoedMessage:
    identity = echo_id(Channel.WHATSAPP, "1", "wamid.E")
    return EchoedMessage(
        id=identity, occurred_at=at, contact_id="a" * 32, correlation_id=identity, channel=Channel.WHATSAPP,
        account="1", provider_message_id="wamid.E", content=Text(text="Le llamo."), received_at=at,
    )  # fmt: skip


def test_an_echo_is_a_line_of_its_own_author_on_our_side() -> None:
    (kept,) = fold([echo(), echo()]).echoes.values()
    line = echoed(kept, "k")
    assert (line.direction, line.author, line.preview) == ("out", "telephone", "Le llamo.")


@pytest.mark.parametrize("number", ["wamid.E", None])
def test_a_status_of_a_message_that_is_not_the_routers_is_its_echos(number: str | None) -> None:
    status = MessageStatus(
        id="s", occurred_at=NOON, contact_id="a" * 32, correlation_id="c", channel=Channel.WHATSAPP,
        account="1", status=DeliveryStatus.READ, provider_message_id=number,
    )  # fmt: skip
    kept = fold([status]).statuses
    assert list(kept) == ([f"{echo().id}:0"] if number else [])
    assert all(one.message_id == echo().id for one in kept.values())


@given(st.lists(st.integers(-100, 100), unique=True), st.integers(-100, 100))
def test_an_echo_stands_in_the_conversation_that_was_open_or_in_the_first_that_follows(
    openings: list[int], said: int
) -> None:
    conversations = [
        Conversation(
            id=str(opened), contact_id="a" * 32, channel=Channel.WHATSAPP, account="1",
            state=ConversationState.CLOSED, revision=1, opened_at=NOON + timedelta(hours=opened),
            state_since=NOON, last_inbound_at=NOON,
        )
        for opened in openings
    ]  # fmt: skip
    found = conversation_at(NOON + timedelta(hours=said), conversations)
    before = [opened for opened in openings if opened <= said]
    expected = max(before) if before else min(openings, default=None)
    assert (found and found.id) == (None if expected is None else str(expected))
