"""The router on its streams: one state for each contact, each event decided once."""

from typing import Any

from router.catalogue import load_date_words
from router.domain.decision import decide
from router.domain.rules import Rules
from router.domain.state import RouterState
from router.metrics import count
from router.store import COLLECTION
from ventanilla.contracts.event import Event
from ventanilla.exhaustion import Exhaustion
from ventanilla.institution import Institution
from ventanilla.stream import Decision, KeyedState, Stream
from ventanilla.topics import AGENT_ACTED, ALLOTMENT, BOT_ANSWERED, CONTACT_LINKED, RECEIVED, TIMER

INPUTS = (RECEIVED, BOT_ANSWERED, AGENT_ACTED, TIMER, CONTACT_LINKED)


def declare(stream: Stream, institution: Institution) -> KeyedState[RouterState]:
    """Declare the router's consumer, and what it must know of allotments before it decides anything.

    State, outputs and offsets are durable in that order.

    Raises `ConfigError` when there are no dates in the institution's language.
    """
    exhaustion = Exhaustion(institution)
    stream.table(ALLOTMENT, exhaustion.take)
    rules = Rules.of(institution, load_date_words(institution.language), exhaustion)

    def decided(state: RouterState | None, event: Event) -> Decision[RouterState]:
        decision = decide(rules, state, event)
        count(decision.outputs)
        return decision

    def indexed(state: RouterState) -> dict[str, Any]:
        # The sweeper lives by the wall clock: a replayed conversation has no deadline that it may see.
        conversation = state.conversation
        if conversation is None or rules.is_replayed(conversation.channel, conversation.account):
            return {"due_at": None}
        return {"due_at": state.due_at}

    return stream.keyed(
        "conversations", INPUTS, collection=COLLECTION, state=RouterState, decide=decided, indexed=indexed
    )
