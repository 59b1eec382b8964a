"""Messages written on the number's own telephone: the provider bills none, so none counts.

Whichever comes first, the echo or its statuses.
"""

from collections.abc import Iterable
from datetime import datetime

from billing.domain.adjusting import take_back_late
from billing.domain.ledger import Rules, take_back
from billing.domain.state import Delivery, Meter
from billing.domain.words import message_hash, moved_on
from ventanilla.contracts.channel import EchoedMessage
from ventanilla.contracts.event import Event
from ventanilla.stream.decision import Decision, Output


def on_echo(state: Meter | None, echo: EchoedMessage, rules: Rules) -> Decision[Meter]:
    """From now on statuses of this message do not count. One that did is taken back: a correction of its
    session, or a note where its month was closed or its session sealed."""
    state = state or Meter(channel=echo.channel, account=echo.account)
    message = message_hash(echo.provider_message_id)
    if state.echoed(message):
        return Decision(state)
    moved_to, came_at = state.moved_to, rules.came_at(echo)
    decision = take_back_echoes(state, [message], echo, came_at, rules)
    if moved_to is None:
        return decision
    passed = moved_on(moved_to, {}, state, echo, came_at, echoed=[message])
    return Decision(decision.state, (*decision.outputs, passed))


def take_back_echoes(
    state: Meter, messages: Iterable[str], cause: Event, came_at: datetime, rules: Rules
) -> Decision[Meter]:
    """`messages` by their hash, or by the beginning of it that a mark keeps."""
    outputs: list[Output] = []
    for echoed in messages:
        if state.echoed(echoed):
            continue
        message = next((one for one in (*state.deliveries, *state.late) if one.startswith(echoed)), echoed)
        known, late = state.deliveries.get(message), state.late.get(message)
        before, state = state, state.with_echoes([message])
        if known is not None and not rules.too_late(known.counted_at, came_at):
            corrected = take_back(state, message, cause, rules)
            assert corrected.state is not None
            state = corrected.state.tallied("counted", -1).tallied("excluded:echoed")
            outputs += corrected.outputs
        elif known or late or (before.sealed is not None and before.sealed.knows(message)):
            delivery: Delivery | None = late or known
            outputs.append(take_back_late(before, message, delivery, cause, came_at, rules))
    return Decision(state, tuple(outputs))
