"""The bot on its streams: one dialogue for each contact, each turn answered once."""

from bot.domain.assistant import MISSED, Assistant
from bot.domain.dialogue import Dialogue
from bot.metrics import CONFIDENCE, MISSES, TURNS
from ventanilla.contracts.conversation import BotAnswered
from ventanilla.contracts.event import Event
from ventanilla.stream import Decision, KeyedState, Stream
from ventanilla.topics import BOT_QUEUED

COLLECTION = "bot_dialogues"


def consume(stream: Stream, assistant: Assistant) -> KeyedState[Dialogue]:
    """Declare the bot's consumer. State, answers and offsets are durable in that order, exactly once."""

    def decide(state: Dialogue | None, event: Event) -> Decision[Dialogue]:
        decision = assistant.decide(state, event)
        for _, answered in decision.outputs:
            if isinstance(answered, BotAnswered):
                count(answered)
        return decision

    return stream.keyed("dialogues", [BOT_QUEUED], collection=COLLECTION, state=Dialogue, decide=decide)


def count(answered: BotAnswered) -> None:
    """A turn that is decided again after a lost write is counted again: these figures are for watching."""
    reason = answered.reason or ""
    TURNS.labels(answered.outcome, reason, answered.category or "none").inc()
    if reason in MISSED:
        MISSES.labels(reason).inc()
    if answered.confidence is not None:
        CONFIDENCE.observe(answered.confidence)
