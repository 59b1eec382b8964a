"""The way in: one event, decided once."""

from router.domain import seen
from router.domain.acted import acted
from router.domain.answered import answered
from router.domain.linked import is_the_routers, linked, passed_on
from router.domain.received import received
from router.domain.rules import Rules
from router.domain.state import RouterState
from router.domain.step import Step
from router.domain.timers import lapse_before, timer
from ventanilla.contracts.channel import ReceivedMessage
from ventanilla.contracts.conversation import AgentActed, BotAnswered, ContactLinked, ConversationTimer
from ventanilla.contracts.event import Event
from ventanilla.stream.decision import Decision


class UnknownConversationError(Exception):
    """An answer or an act for a contact that never wrote: there is no conversation to refuse it in."""


def decide(rules: Rules, state: RouterState | None, event: Event) -> Decision[RouterState]:
    """What an event does to a contact. Raises `UnknownConversationError`.

    Repeats do nothing: an event acts once, by its id. An event without effect returns the very state it got.
    """
    is_passed_on = False
    if state is not None and state.merged_into is not None:
        if not isinstance(event, ContactLinked) or is_the_routers(event):
            return Decision(state, (passed_on(state, state.merged_into, event),))
    elif isinstance(event, ContactLinked) and event.passed_on is not None:
        if state is None or state.conversation is None:
            return Decision(state)  # the alias's conversation was over before the two were joined
        event, is_passed_on = event.passed_on, True
    if state is not None and seen.knows(state.seen, event.id):
        return Decision(state)
    step = Step(rules, state, event)
    lapse_before(step)
    if _dispatch(step, event, is_passed_on) or step.outputs:
        return step.decided()
    return Decision(state)


def _dispatch(step: Step, event: Event, is_passed_on: bool) -> bool:
    match event:
        case ReceivedMessage():
            return received(step, event)
        case ConversationTimer():
            return timer(step, event)
        case ContactLinked():
            return linked(step, event)
        case BotAnswered() | AgentActed() if step.conversation is None:
            raise UnknownConversationError(f"{type(event).__name__} for a contact without conversations")
        case BotAnswered():
            return answered(step, event, is_passed_on)
        case AgentActed():
            return acted(step, event)
        case _:
            raise TypeError(f"the router does not read {type(event).__name__}")
