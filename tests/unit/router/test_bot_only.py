"""The month's allotment is used up, and the institution said `bot_only`: nobody new comes to agents."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from router.catalogue import load_date_words
from router.domain.rules import Rules
from support.conversations import EVA, Story
from support.messages import NOON
from ventanilla.contracts.billing import AllotmentReached
from ventanilla.contracts.channel import Channel, TextOut
from ventanilla.contracts.conversation import BotOutcome, Change, Close, ConversationState, Reply, Take
from ventanilla.exhaustion import Exhaustion
from ventanilla.institution import Institution

TOLD = "Por este mes ya no podemos comunicarle con una persona"


@pytest.fixture
def institution() -> Institution:
    file = yaml.safe_load(Path("deploy/config/cnr.yaml").read_text(encoding="utf-8"))
    file["allotments"][0]["at_exhaustion"] = "bot_only"
    return Institution.model_validate(file)


@pytest.fixture
def exhaustion(institution: Institution) -> Exhaustion:
    return Exhaustion(institution)


@pytest.fixture
def story(institution: Institution, exhaustion: Exhaustion) -> Story:
    return Story(Rules.of(institution, load_date_words("es-SV"), exhaustion))


def used_up(exhaustion: Exhaustion) -> None:
    exhaustion.take(
        AllotmentReached(
            id="100", occurred_at=NOON, contact_id="whatsapp:2026-11", correlation_id="c",
            channel=Channel.WHATSAPP, month="2026-11", threshold_percent=100, used=28_000, allotment=28_000,
            cost=Decimal("3277.00"),
        )
    )  # fmt: skip


def test_who_asks_for_a_person_is_told_and_stays_with_the_bot(story: Story, exhaustion: Exhaustion) -> None:
    used_up(exhaustion)
    story.says("con una persona").hands_over("rprh", "Le paso con una persona.")
    assert [line[: len("system: ") + len(TOLD)] for line in story.said] == [f"system: {TOLD}"]
    assert story.to_agents == []
    assert (story.conversation.state, story.conversation.area) == (ConversationState.WITH_BOT, "rprh")
    assert story.changes == [Change.CLASSIFIED, Change.ANSWER_DISCARDED]
    story.later(minutes=1).says("¿y cuánto cuesta la literal?")
    assert len(story.to_bot) == 1
    story.bot("Cuesta 8.86 más 0.35 por hoja.")
    assert story.said == ["bot: Cuesta 8.86 más 0.35 por hoja."]


def test_a_silent_bot_hands_nobody_over_and_the_citizen_is_not_left_without_a_word(
    story: Story, exhaustion: Exhaustion
) -> None:
    used_up(exhaustion)
    story.says("hola").deadline()
    assert [line.startswith(f"system: {TOLD}") for line in story.said] == [True]
    assert story.conversation.state is ConversationState.WITH_BOT
    story.now += timedelta(hours=2)
    story.deadline()
    assert (story.changes, story.said) == ([Change.CLOSED], [])


def test_what_agents_already_have_goes_on(story: Story, exhaustion: Exhaustion) -> None:
    story.says().hands_over().taken()
    used_up(exhaustion)
    story.later(minutes=1).says("aquí sigo")
    assert len(story.to_agents) == 1
    assert story.agent(Reply(content=TextOut(text="Con gusto."))).said == ["agent: Con gusto."]


def test_who_waits_already_is_taken(story: Story, exhaustion: Exhaustion) -> None:
    story.says().hands_over()
    used_up(exhaustion)
    assert story.taken().conversation.state is ConversationState.WITH_AGENT


def test_a_conversation_that_an_agent_closed_begins_anew_with_the_bot(
    story: Story, exhaustion: Exhaustion
) -> None:
    story.says().hands_over().taken().agent(Close())
    used_up(exhaustion)
    story.later(minutes=5).says("otra cosa")
    assert story.changes == [Change.OPENED]
    assert (len(story.to_bot), story.to_agents) == (1, [])


def test_nobody_takes_a_conversation_from_the_bot(story: Story, exhaustion: Exhaustion) -> None:
    used_up(exhaustion)
    story.says().agent(Take(), EVA, takeover=True)
    assert (story.change.change, story.change.reason) == (Change.ACT_REFUSED, "allotment_exhausted")
    assert story.conversation.state is ConversationState.WITH_BOT


def test_the_turn_of_the_month_opens_the_queues_again(story: Story, exhaustion: Exhaustion) -> None:
    used_up(exhaustion)
    story.later(days=7).says("buenos días").hands_over()
    assert story.conversation.state is ConversationState.WAITING


@pytest.mark.parametrize("outcome", [BotOutcome.CONTINUE, BotOutcome.RESOLVED])
def test_the_bots_own_answers_go_out_as_ever(
    story: Story, exhaustion: Exhaustion, outcome: BotOutcome
) -> None:
    used_up(exhaustion)
    assert story.says().bot("Con gusto.", outcome=outcome).said == ["bot: Con gusto."]
