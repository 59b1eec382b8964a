"""What holds whatever happens, in whatever order."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from router.domain.decision import decide
from router.domain.state import RouterState
from support.conversations import ANA, EVA, LUIS, Story
from ventanilla.contracts.channel import OutboundMessage, Reaction, TextOut
from ventanilla.contracts.conversation import (
    BotOutcome,
    Change,
    Close,
    Conversation,
    ConversationChanged,
    ConversationQueued,
    ConversationState,
    Release,
    Reply,
    Take,
    Transfer,
)
from ventanilla.contracts.event import Event

Move = Callable[[Story], object]


def _if_begun(move: Move) -> Move:
    return lambda story: story.state is not None and move(story)


def _if_due(story: Story) -> None:
    if story.state is not None and story.state.due_at is not None:
        story.deadline()


def _bot(outcome: BotOutcome, back: int, area: str | None) -> Move:
    return _if_begun(
        lambda s: s.bot("bot", outcome=outcome, turn=max(1, s.conversation.turn - back), area=area)
    )


def _again(back: int) -> Move:
    """An event comes again, within the days that any provider repeats it."""

    def move(story: Story) -> None:
        event = story.events[-1 - back % len(story.events)]
        if story.state is not None and story.state.latest - event.occurred_at <= timedelta(days=8):
            story.feed(event)

    return move


acts = st.sampled_from(
    [
        Take(),
        Reply(content=TextOut(text="agente")),
        Transfer(queue="rpi"),
        Transfer(queue="nada"),
        Release(),
        Close(),
    ]
)
moves: st.SearchStrategy[Move] = st.one_of(
    st.just(lambda s: s.says()),
    st.just(lambda s: s.says(content=Reaction(provider_message_id="w", emoji="👍"))),
    st.builds(
        _bot, st.sampled_from(BotOutcome), st.integers(0, 2), st.sampled_from([None, "rprh", "comercio"])
    ),
    st.builds(
        lambda act, who, takeover: _if_begun(lambda s: s.agent(act, who, takeover=takeover)),
        acts,
        st.sampled_from([ANA, LUIS, EVA]),
        st.booleans(),
    ),
    st.just(_if_due),
    st.builds(_again, st.integers(0, 30)),
    st.just(_if_begun(lambda s: s.linked("f" * 32, s.contact))),
    st.floats(0.01, 60).map(lambda minutes: lambda s: s.later(minutes=minutes)),
    st.floats(1, 30).map(lambda hours: lambda s: s.later(hours=hours)),
    st.floats(-30, -1).map(lambda minutes: lambda s: s.later(minutes=minutes)),  # clocks disagree
)
starts = st.integers(0, 14 * 24).map(
    lambda hours: datetime(2026, 12, 20, tzinfo=UTC) + timedelta(hours=hours)
)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    story = Story(at=draw(starts)).says()
    for move in draw(st.lists(moves, max_size=40)):
        move(story)
    return story


def _replayed(story: Story) -> list[tuple[RouterState | None, Event, RouterState | None, tuple[Event, ...]]]:
    """Each event with the state before, the state after, and what it caused."""
    state: RouterState | None = None
    steps = []
    for event in story.events:
        decision = decide(story.rules, state, event)
        steps.append((state, event, decision.state, tuple(output for _, output in decision.outputs)))
        state = decision.state
    return steps


def _snapshot(event: Event) -> Conversation | None:
    return event.conversation if isinstance(event, ConversationChanged | ConversationQueued) else None


@given(stories())
def test_the_same_events_decide_the_same(story: Story) -> None:
    assert [output for *_, outputs in _replayed(story) for output in outputs] == [e for _, e in story.outputs]


@given(stories())
def test_a_state_that_was_stored_and_read_again_decides_the_same(story: Story) -> None:
    state: RouterState | None = None
    outputs: list[Event] = []
    for event in story.events:
        decision = decide(story.rules, state, event)
        outputs.extend(output for _, output in decision.outputs)
        stored = decision.state.model_dump_json(exclude_none=True) if decision.state else None
        state = RouterState.model_validate_json(stored) if stored else None
    assert outputs == [event for _, event in story.outputs]


@given(stories())
def test_no_two_outputs_have_one_id(story: Story) -> None:
    ids = [event.id for _, event in story.outputs]
    assert len(ids) == len(set(ids))


@given(stories(), st.integers(0, 1000))
def test_an_event_that_comes_again_changes_nothing(story: Story, pick: int) -> None:
    before = story.state
    assert before is not None
    effective = [
        event
        for earlier, event, after, _ in _replayed(story)
        if after is not None and after is not earlier and before.latest - after.latest <= timedelta(days=8)
    ]
    story.feed(effective[pick % len(effective)])
    assert story.news == ()
    assert story.state is before


@given(stories())
def test_bot_and_agent_never_both_speak(story: Story) -> None:
    """Who speaks had the conversation at that moment: the bot its own, an agent his own."""
    for before, _, _, outputs in _replayed(story):
        for output in outputs:
            if isinstance(output, OutboundMessage) and output.author.kind != "system":
                assert before is not None
                assert before.conversation is not None
                assert before.conversation.id == output.conversation_id
                if output.author.kind == "bot":
                    assert before.conversation.state is ConversationState.WITH_BOT
                else:
                    assert before.conversation.state is ConversationState.WITH_AGENT
                    assert before.conversation.agent_id == output.author.id


@given(stories())
def test_once_people_have_it_the_bot_is_silent_for_good(story: Story) -> None:
    handed_over: set[str] = set()
    for _, event in story.outputs:
        if isinstance(event, ConversationChanged) and event.change in (Change.QUEUED, Change.ASSIGNED):
            handed_over.add(event.conversation.id)
        if isinstance(event, OutboundMessage) and event.author.kind == "bot":
            assert event.conversation_id not in handed_over


@given(stories())
def test_a_closed_conversation_says_no_more_than_goodbye(story: Story) -> None:
    closed_by: dict[str, str] = {}
    for _, event in story.outputs:
        if isinstance(event, ConversationChanged):
            if event.conversation.state is ConversationState.CLOSED:
                closed_by.setdefault(event.conversation.id, event.cause_id)
            else:
                closed_by.pop(event.conversation.id, None)
        if isinstance(event, OutboundMessage) and event.conversation_id in closed_by:
            assert event.author.kind == "system"
            assert event.cause_id == closed_by[event.conversation_id]


@given(stories())
def test_revisions_count_every_change_without_a_gap(story: Story) -> None:
    revisions: dict[str, list[int]] = {}
    announced: dict[str, list[int]] = {}
    for _, event in story.outputs:
        if (snapshot := _snapshot(event)) is not None:
            revisions.setdefault(snapshot.id, []).append(snapshot.revision)
            if isinstance(event, ConversationChanged):
                announced.setdefault(snapshot.id, []).append(snapshot.revision)
    for found in revisions.values():
        assert found[0] == 1
        assert all(0 <= later - earlier <= 1 for earlier, later in pairwise(found))
    for found in announced.values():
        assert all(later > earlier for earlier, later in pairwise(found))


@given(stories())
def test_the_same_revision_is_the_same_conversation(story: Story) -> None:
    known: dict[tuple[str, int], Conversation] = {}
    for _, event in story.outputs:
        if (snapshot := _snapshot(event)) is not None:
            assert known.setdefault((snapshot.id, snapshot.revision), snapshot) == snapshot


@given(stories())
def test_the_place_in_line_is_kept_until_the_conversation_ends(story: Story) -> None:
    places: dict[str, datetime] = {}
    for _, event in story.outputs:
        snapshot = _snapshot(event)
        if snapshot is None:
            continue
        if snapshot.state in (ConversationState.CLOSED, ConversationState.WITH_BOT):
            places.pop(snapshot.id, None)
        else:
            assert snapshot.queued_at is not None
            assert places.setdefault(snapshot.id, snapshot.queued_at) == snapshot.queued_at


@given(stories())
def test_a_conversation_is_whole_in_every_state(story: Story) -> None:
    for _, event in story.outputs:
        snapshot = _snapshot(event)
        if snapshot is None:
            continue
        assert (snapshot.agent_id is not None) == (snapshot.state is ConversationState.WITH_AGENT)
        if snapshot.state in (ConversationState.WAITING, ConversationState.WITH_AGENT):
            assert snapshot.queue in story.rules.institution.queues
        assert snapshot.opened_at <= snapshot.state_since


@given(stories())
def test_time_never_goes_back(story: Story) -> None:
    times = [event.occurred_at for _, event in story.outputs]
    assert times == sorted(times)


@given(stories())
def test_every_message_reaches_exactly_one_of_bot_and_agents(story: Story) -> None:
    """In the first step that has an effect; reactions may reach nobody while no person has it."""
    reached: dict[str, int] = {}
    for _, event in story.outputs:
        if isinstance(event, ConversationQueued) and event.message is not None:
            reached[event.message.id] = reached.get(event.message.id, 0) + 1
    messages = {event.id: event for event in story.events if hasattr(event, "content")}
    for identity, event in messages.items():
        is_reaction = isinstance(getattr(event, "content", None), Reaction)
        assert reached.get(identity, 0) == 1 or (is_reaction and identity not in reached)


@settings(max_examples=50)
@given(stories())
def test_every_open_conversation_ends_or_moves_in_the_end(story: Story) -> None:
    """Deadlines alone bring any conversation to its end: nothing hangs for ever."""
    for _ in range(10):
        if story.state is None or story.state.due_at is None:
            break
        before = story.state
        story.deadline()
        assert story.state is not before
        assert story.news != ()
    assert story.conversation.state is ConversationState.CLOSED
