"""Two ids turn out to be one person: what happens to the two conversations."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.domain.decision import decide
from router.domain.state import OPEN, RouterState
from support.conversations import ANA, LUIS, Story, cnr
from ventanilla.contracts.channel import OutboundMessage, TextOut
from ventanilla.contracts.conversation import (
    BotAnswered,
    BotOutcome,
    Change,
    ContactLinked,
    ConversationQueued,
    ConversationState,
    QueuedReason,
    Reply,
)
from ventanilla.contracts.event import Event
from ventanilla.stream.decision import Output
from ventanilla.topics import AGENT_ACTED, BOT_ANSWERED, BOT_QUEUED, CONTACT_LINKED, RECEIVED, TIMER

OLD, NEW, LAST = "1" * 32, "2" * 32, "3" * 32
_ROUTED = {topic.event for topic in (RECEIVED, BOT_ANSWERED, AGENT_ACTED, TIMER, CONTACT_LINKED)}


def parcel(story: Story) -> ContactLinked:
    """What the alias's owner sent on to the canonical contact."""
    (found,) = (event for topic, event in story.news if topic is CONTACT_LINKED)
    assert isinstance(found, ContactLinked)
    return found


def test_a_conversation_moves_to_the_contact_that_goes_on() -> None:
    alias = Story(contact=OLD).says().hands_over().taken(ANA)
    carried = alias.conversation
    alias.linked(OLD, NEW)
    assert alias.change.change is Change.MERGED
    assert alias.change.conversation.state is ConversationState.CLOSED
    canonical = Story(contact=NEW).linked(OLD, NEW).feed(parcel(alias))
    assert canonical.change.change is Change.MERGED
    moved = canonical.conversation
    assert (moved.id, moved.contact_id) == (carried.id, NEW)
    assert (moved.state, moved.agent_id, moved.queued_at) == (
        ConversationState.WITH_AGENT, ANA, carried.queued_at,
    )  # fmt: skip
    assert moved.revision == carried.revision + 2
    assert [queued.reason for queued in canonical.to_agents] == [QueuedReason.CARRIED]
    assert canonical.agent(Reply(content=TextOut(text="Sigo con usted"))).said == ["agent: Sigo con usted"]


def test_an_answer_of_the_bot_that_comes_for_the_old_contact_is_passed_on_and_sent() -> None:
    alias = Story(contact=OLD).says().linked(OLD, NEW)
    canonical = Story(contact=NEW).feed(parcel(alias))
    alias.bot("Hola", turn=1)
    ((topic, answer),) = alias.news
    assert (topic, answer.contact_id) == (CONTACT_LINKED, NEW), "behind the conversation, on its topic"
    assert canonical.feed(answer).said == ["bot: Hola"]
    assert canonical.feed(answer).news == (), "once"


def test_what_the_bot_owed_in_a_conversation_that_was_joined_is_still_answered() -> None:
    alias = Story(contact=OLD).says().linked(OLD, NEW)
    canonical = Story(contact=NEW).says().feed(parcel(alias))
    assert canonical.change.reason == "kept"
    alias.bot("Hola", turn=1, outcome=BotOutcome.RESOLVED)
    assert canonical.feed(alias.news[0][1]).said == ["bot: Hola"]
    assert canonical.conversation.state is ConversationState.WITH_BOT, "our own turn waits"
    assert canonical.bot("Buen día").said == ["bot: Buen día"]


def test_an_answer_to_what_was_over_before_the_two_were_joined_is_nothing() -> None:
    alias = Story(contact=OLD).says().bot("Adiós", outcome=BotOutcome.RESOLVED).linked(OLD, NEW)
    canonical = Story(contact=NEW).feed(parcel(alias))
    alias.bot("Otra cosa", turn=1)
    assert canonical.feed(alias.news[0][1]).news == ()


def test_what_is_passed_on_goes_on_where_that_contact_ended_too() -> None:
    alias = Story(contact=OLD).says().linked(OLD, NEW)
    between = Story(contact=NEW).linked(NEW, LAST).feed(parcel(alias))
    ((_, onward),) = between.news
    alias.bot("Hola", turn=1)
    between.feed(alias.news[0][1])
    assert Story(contact=LAST).feed(onward).feed(between.news[0][1]).said == ["bot: Hola"]


def test_people_go_before_the_bot() -> None:
    alias = Story(contact=OLD).says().hands_over().linked(OLD, NEW)
    canonical = Story(contact=NEW).says().feed(parcel(alias))
    replaced, adopted = (e for _, e in canonical.news if getattr(e, "change", None))
    assert (replaced.reason, adopted.reason) == ("replaced", "adopted")  # type: ignore[attr-defined]
    assert canonical.conversation.id == alias.conversation.id


def test_a_conversation_with_people_is_kept_with_the_earlier_place_in_line() -> None:
    alias = Story(contact=OLD).says().hands_over().linked(OLD, NEW)
    canonical = Story(contact=NEW).later(minutes=5).says().hands_over("comercio").taken(LUIS)
    kept = canonical.conversation
    canonical.feed(parcel(alias))
    assert canonical.change.reason == "kept"
    assert (canonical.conversation.id, canonical.conversation.agent_id) == (kept.id, LUIS)
    assert canonical.conversation.queued_at == alias.conversation.queued_at


def test_a_message_of_before_that_is_delivered_again_is_known() -> None:
    alias = Story(contact=OLD).says("hola")
    again = alias.events[0].model_copy(update={"contact_id": NEW})
    canonical = Story(contact=NEW).feed(parcel(alias.linked(OLD, NEW)))
    before = canonical.state
    assert canonical.feed(again).state is before


def test_a_new_id_of_a_known_person_changes_nothing() -> None:
    story = Story(contact=OLD).says()
    before = story.state
    assert story.linked(NEW, OLD, merged=False).state is before


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_contacts_joined_in_both_directions_at_once_end_as_the_smaller_id(order: tuple[int, int]) -> None:
    links = [(OLD, NEW), (NEW, OLD)]
    ends = []
    for contact in (OLD, NEW):
        story = Story(contact=contact)
        for place in order:
            story.linked(*links[place])
        assert story.state is not None
        ends.append(story.state.merged_into)
    assert ends == [None, OLD]


class Log:
    """Topics for two contacts, and a bot: one topic's events of a contact come in order, all else in any."""

    def __init__(self, seed: int) -> None:
        self.waiting: dict[tuple[str, type[Event]], list[Event]] = {}
        self.states: dict[str, RouterState | None] = {OLD: None, NEW: None}
        self.outputs: list[Output] = []
        self._random = random.Random(seed)

    def put(self, event: Event) -> None:
        self.waiting.setdefault((event.contact_id, type(event)), []).append(event)

    def settle(self) -> None:
        for _ in range(500):
            busy = [lane for lane, events in self.waiting.items() if events]
            if not busy:
                return
            lane = self._random.choice(busy)
            contact, event = lane[0], self.waiting[lane].pop(0)
            decision = decide(cnr(), self.states[contact], event)
            self.states[contact] = decision.state
            for topic, output in decision.outputs:
                if topic is BOT_QUEUED:
                    assert isinstance(output, ConversationQueued)
                    self.put(answer_to(output))
                elif type(output) in _ROUTED:
                    self.put(output)
                else:
                    self.outputs.append((topic, output))
        raise AssertionError("events go round in circles")


def answer_to(asked: ConversationQueued) -> BotAnswered:
    assert asked.message is not None
    return BotAnswered(
        id=f"answer-{asked.message.id}", occurred_at=asked.occurred_at, contact_id=asked.contact_id,
        correlation_id="c", conversation_id=asked.conversation.id, turn=asked.conversation.turn,
        replies=[TextOut(text=asked.message.id)],
    )  # fmt: skip


@given(
    seed=st.integers(0, 10_000),
    old=st.integers(0, 3),
    new=st.integers(0, 3),
    both=st.booleans(),
    links_first=st.booleans(),
)
def test_in_the_end_one_contact_has_it_all(
    seed: int, old: int, new: int, both: bool, links_first: bool
) -> None:
    log = Log(seed)
    messages = [
        event
        for contact, number in ((OLD, old), (NEW, new))
        for story in [Story(contact=contact)]
        for _ in range(number)
        for event in story.says().events[-1:]
    ]
    links = [
        story.linked(*pair).events[-1]
        for pair in ([(OLD, NEW), (NEW, OLD)] if both else [(OLD, NEW)])
        for contact in (OLD, NEW)
        for story in [Story(contact=contact)]
    ]
    for event in [*links, *messages] if links_first else [*messages, *links]:
        log.put(event)
    log.settle()
    goes_on, ended = (OLD, NEW) if both else (NEW, OLD)
    states = {contact: state for contact, state in log.states.items() if state is not None}
    assert states[ended].merged_into == goes_on
    assert states[goes_on].merged_into is None
    last = states[ended].conversation
    assert last is None or last.state not in OPEN
    conversation = states[goes_on].conversation
    assert (conversation is not None) == bool(old or new)
    said = [
        event.content.text
        for _, event in log.outputs
        if isinstance(event, OutboundMessage) and isinstance(event.content, TextOut)
    ]
    assert len(said) == len(set(said)), "nothing was said twice"
    if not both:
        assert sorted(said) == sorted(message.id for message in messages), "each was answered"
