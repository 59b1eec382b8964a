"""Every state against every kind of event: each pair has an outcome that somebody decided.

A row reads: in this state, when this happens, the conversation is then in that state, with these changes
announced, and these voices heard.
"""

from collections.abc import Callable
from typing import Any

import pytest

from router.domain.decision import UnknownConversationError
from support.conversations import ANA, EVA, LUIS, Story
from ventanilla.contracts.channel import Reaction, SystemNotice, TextOut, Unknown
from ventanilla.contracts.conversation import (
    BotOutcome,
    Close,
    ConversationState,
    ConversationTimer,
    Release,
    Reply,
    Take,
    Transfer,
)

Do = Callable[[Story], Any]

_REPLY = Reply(content=TextOut(text="Con gusto"))

STATES: dict[str, Do] = {
    "new": lambda s: s,
    "with_bot": lambda s: s.says().bot("Hola"),
    "bot_owes": lambda s: s.says(),
    "waiting": lambda s: s.says().hands_over("rprh"),
    "with_agent": lambda s: s.says().hands_over("rprh").taken(ANA),
    "closed_by_bot": lambda s: s.says().bot("Adiós", outcome=BotOutcome.RESOLVED),
    "closed_by_agent": lambda s: s.says().hands_over("rprh").taken(ANA).agent(Close()),
    "closed_idle": lambda s: s.says().bot("Hola").deadline(),
    "merged": lambda s: s.says().bot("Hola").linked(s.contact, "b" * 32),
}

EVENTS: dict[str, Do] = {
    "message": lambda s: s.says("otra cosa"),
    "unknown": lambda s: s.says(content=Unknown(provider_type="poll")),
    "reaction": lambda s: s.says(content=Reaction(provider_message_id="wamid.1", emoji="👍")),
    "notice": lambda s: s.says(content=SystemNotice(kind="user_changed_number")),
    "answer": lambda s: s.bot("Respuesta", conversation_id=_id(s), turn=_turn(s)),
    "handover": lambda s: s.bot(
        "Le paso", outcome=BotOutcome.HANDOVER, area="rprh", conversation_id=_id(s), turn=_turn(s)
    ),
    "resolved": lambda s: s.bot("Adiós", outcome=BotOutcome.RESOLVED, conversation_id=_id(s), turn=_turn(s)),
    "take": lambda s: s.agent(Take(), LUIS, conversation_id=_id(s)),
    "takeover": lambda s: s.agent(Take(), EVA, takeover=True, conversation_id=_id(s)),
    "reply": lambda s: s.agent(_REPLY, ANA, conversation_id=_id(s)),
    "reply_of_another": lambda s: s.agent(_REPLY, LUIS, conversation_id=_id(s)),
    "transfer": lambda s: s.agent(Transfer(queue="comercio"), ANA, conversation_id=_id(s)),
    "transfer_of_another": lambda s: s.agent(Transfer(queue="comercio"), LUIS, conversation_id=_id(s)),
    "transfer_to_nowhere": lambda s: s.agent(Transfer(queue="xyz"), ANA, conversation_id=_id(s)),
    "transfer_by_supervisor": lambda s: s.agent(
        Transfer(queue="comercio"), EVA, takeover=True, conversation_id=_id(s)
    ),
    "release": lambda s: s.agent(Release(), ANA, conversation_id=_id(s)),
    "close": lambda s: s.agent(Close(), ANA, conversation_id=_id(s)),
    "close_by_supervisor": lambda s: s.agent(Close(), EVA, takeover=True, conversation_id=_id(s)),
    "deadline": lambda s: s.feed(_timer(s)),
    "old_deadline": lambda s: s.feed(_timer(s).model_copy(update={"due_at": s.now})),
    "linked_away": lambda s: s.linked(s.contact, "c" * 32),
    "linked_to_me": lambda s: s.linked("c" * 32, s.contact),
    "linked_new_id": lambda s: s.linked("c" * 32, s.contact, merged=False),
}

RAISES = "raises"
NOTHING = "nothing"
PASSED_ON = "passed on"

# In the order of EVENTS: "state afterwards | changes | who speaks".
TABLE: dict[str, list[str]] = {
    "new": [
        "with_bot | opened |",
        "with_bot | opened |",
        NOTHING,
        NOTHING,
        *[RAISES] * 14,
        NOTHING,
        NOTHING,
        "none | |",
        "none | |",
        NOTHING,
    ],
    "bot_owes": [
        "with_bot | |",
        "with_bot | |",
        NOTHING,
        NOTHING,
        "with_bot | | bot",
        "waiting_for_agent | classified queued | bot system",
        "closed | closed | bot",
        "with_bot | act_refused |",
        "with_agent | assigned | system",
        *["with_bot | act_refused |"] * 9,
        "waiting_for_agent | queued | system",
        NOTHING,
        "closed | merged |",
        "with_bot | |",
        NOTHING,
    ],
    "with_bot": [
        "with_bot | |",
        "with_bot | |",
        *[NOTHING] * 5,
        "with_bot | act_refused |",
        "with_agent | assigned | system",
        *["with_bot | act_refused |"] * 9,
        "closed | closed |",
        NOTHING,
        "closed | merged |",
        "with_bot | |",
        NOTHING,
    ],
    "waiting": [
        *["waiting_for_agent | |"] * 4,
        *["waiting_for_agent | answer_discarded |"] * 3,
        *["with_agent | assigned | system"] * 2,
        *["waiting_for_agent | act_refused |"] * 5,
        "waiting_for_agent | transferred | system",
        *["waiting_for_agent | act_refused |"] * 2,
        "closed | closed | system",
        "closed | closed |",
        NOTHING,
        "closed | merged |",
        "waiting_for_agent | |",
        NOTHING,
    ],
    "with_agent": [
        *["with_agent | |"] * 4,
        *["with_agent | answer_discarded |"] * 3,
        "with_agent | act_refused |",
        "with_agent | assigned | system",
        "with_agent | | agent",
        "with_agent | act_refused |",
        "waiting_for_agent | transferred | system",
        *["with_agent | act_refused |"] * 2,
        "waiting_for_agent | transferred | system",
        "waiting_for_agent | released |",
        *["closed | closed | system"] * 2,
        "waiting_for_agent | released |",
        NOTHING,
        "closed | merged |",
        "with_agent | |",
        NOTHING,
    ],
    "closed_by_bot": [
        *["with_bot | opened |"] * 2,
        *[NOTHING] * 2,
        *["closed | answer_discarded |"] * 3,
        *["closed | act_refused |"] * 11,
        *[NOTHING] * 2,
        "closed | |",
        "closed | |",
        NOTHING,
    ],
    "closed_by_agent": [
        *["waiting_for_agent | reopened | system"] * 2,
        *[NOTHING] * 2,
        *["closed | answer_discarded |"] * 3,
        *["closed | act_refused |"] * 11,
        *[NOTHING] * 2,
        "closed | |",
        "closed | |",
        NOTHING,
    ],
    "closed_idle": [
        *["with_bot | opened |"] * 2,
        *[NOTHING] * 2,
        *["closed | answer_discarded |"] * 3,
        *["closed | act_refused |"] * 11,
        *[NOTHING] * 2,
        "closed | |",
        "closed | |",
        NOTHING,
    ],
    "merged": [*[PASSED_ON] * 20, "closed | |", "closed | |", NOTHING],
}

_ROWS = [
    (state, event, outcome)
    for state, outcomes in TABLE.items()
    for event, outcome in zip(EVENTS, outcomes, strict=True)
]


def test_the_table_is_whole() -> None:
    assert TABLE.keys() == STATES.keys()
    reached = {state for _, _, outcome in _ROWS if "|" in outcome for state in [outcome.split(" |")[0]]}
    assert reached == {*ConversationState, "none"} - {ConversationState.NEW}


@pytest.mark.parametrize(("state", "event", "outcome"), _ROWS, ids=[f"{s}-{e}" for s, e, _ in _ROWS])
def test_outcome(state: str, event: str, outcome: str) -> None:
    story = Story()
    STATES[state](story)
    story.later(minutes=1)
    before = story.state
    if outcome == RAISES:
        with pytest.raises(UnknownConversationError):
            EVENTS[event](story)
        return
    EVENTS[event](story)
    if outcome == NOTHING:
        assert story.state is before
        assert story.news == ()
    elif outcome == PASSED_ON:
        ((_, passed),) = story.news
        sent_on = getattr(passed, "passed_on", None) or passed
        assert sent_on == story.events[-1].model_copy(update={"contact_id": "b" * 32})
        assert passed.contact_id == "b" * 32
        assert story.state is before
    else:
        assert _outcome(story) == [part.strip() for part in outcome.split("|")]


def _outcome(story: Story) -> list[str]:
    assert story.state is not None
    conversation = story.state.conversation
    voices = [line.split(":")[0] for line in story.said]
    changes = [change.value for change in story.changes]
    return [conversation.state.value if conversation else "none", " ".join(changes), " ".join(voices)]


def _id(story: Story) -> str:
    return story.conversation.id if story.state and story.state.conversation else "no-such-conversation"


def _turn(story: Story) -> int:
    return story.conversation.turn if story.state and story.state.conversation else 1


def _timer(story: Story) -> ConversationTimer:
    """The deadline that the contact has, or had it one."""
    due_at = (story.state.due_at if story.state else None) or story.now
    return ConversationTimer(
        id="timer", occurred_at=due_at, contact_id=story.contact, correlation_id="c",
        conversation_id=_id(story), due_at=due_at,
    )  # fmt: skip
