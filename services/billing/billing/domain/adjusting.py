"""What comes too late edits no session: it becomes a note that says what it would have changed."""

from collections.abc import Iterator
from datetime import datetime

from billing.domain.ledger import Rules
from billing.domain.sessions import sessions
from billing.domain.state import Delivery, Meter
from billing.domain.words import noted
from ventanilla.contracts.billing import Note
from ventanilla.contracts.event import Event
from ventanilla.stream.decision import Output

MAX_LATE = 100
"""Late messages of one contact whose effect on each other is known."""


def adjust(
    state: Meter,
    message: str,
    news: Delivery,
    cause: Event,
    came_at: datetime,
    rules: Rules,
    *,
    reason: str,
) -> tuple[Meter, Output]:
    """The state that knows `news`, which is too late, and the note on it. No session changes."""
    sealed = state.sealed
    if sealed is not None and news.counted_at < sealed.until:
        if not sealed.knows(message):
            state = state.model_copy(update={"sealed": sealed.with_marks([message])})
        effect = (0, 1)
    elif message not in state.late and len(state.late) >= MAX_LATE:
        effect = (0, 1)
    else:
        known = state.late.get(message)
        late = {**state.late, message: news if known is None else known.joined(news)}
        after = state.model_copy(update={"late": late})
        effect = _effect(state, after, news.counted_at, rules)
        state = after
    note = noted(
        Note.ADJUSTMENT, message, news, state, cause, rules,
        came_at=came_at, reason=reason, sessions=effect,
    )  # fmt: skip
    return state, note


def take_back_late(
    before: Meter, message: str, known: Delivery | None, cause: Event, came_at: datetime, rules: Rules
) -> Output:
    """The note on a message that was billed or adjusted, and turned out to be an echo: it may take a session.

    `known` None: it is sealed, and only its mark is known.
    """
    delivery = known or Delivery(delivered=cause.occurred_at)
    effect = (-1, 0)
    if known is not None:
        effect = _effect(before, before.with_echoes([message]), delivery.counted_at, rules)
    return noted(
        Note.ADJUSTMENT, message, delivery, before, cause, rules,
        came_at=came_at, reason="echoed", sessions=effect,
    )  # fmt: skip


def _effect(before: Meter, after: Meter, at: datetime, rules: Rules) -> tuple[int, int]:
    """By how many sessions `after` has more than `before`; the difference was delivered at `at`.

    At least and at most: where it moves a session to another month, what it adds to its own is not what it
    adds to all.
    """
    month = rules.month(at)
    old, new = ([rules.month(one.opened_at) for one in sessions(_known(state))] for state in (before, after))
    changes = len(new) - len(old), new.count(month) - old.count(month)
    return min(changes), max(changes)


def _known(state: Meter) -> Iterator[datetime]:
    """When each message counts that has not been sealed, whether it was billed or came too late."""
    for message in state.deliveries.keys() | state.late.keys():
        one, other = state.deliveries.get(message), state.late.get(message)
        delivery = one.joined(other) if one and other else one or other
        if delivery is not None and not state.echoed(message):
            yield delivery.counted_at
