"""One contact's meter: the deliveries that count, the sessions they make, and what changed.

A delivery counts once, by its provider's message id, at the provider's time: that of `delivered`, or that
of `read` (or `played`) where no `delivered` came, as the provider's documentation allows. Of several times
for one id the earliest stands, so that the set does not depend on the order of arrival.

Every status read has one outcome, and they sum up to what was received:

* `counted`: the first that makes its message count;
* `duplicate`: its message counts already; `duplicate:conflict` when it gives another delivery time, which is
  also noted; `duplicate:sealed` when its message lies in the sealed part;
* `excluded:not_delivered`, `excluded:no_message_id`;
* `quarantined:ahead`: its time has not come; it is held, noted, and counted with the first event of its
  contact after its time has come. `quarantined:far_ahead`: more than a settling time, or more of them than a
  meter holds: noted, never counted. `quarantined:late`: older than what is sealed: noted as an adjustment;
* `moved`: passed on to the contact that this one turned out to be, whose meter then decides.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from billing.domain.ledger import Rules, seal, session_id, settle
from billing.domain.state import Delivery, Meter, Sealed
from billing.domain.words import message_hash, moved_on, noted
from ventanilla.contracts.billing import MeterMoved, Note
from ventanilla.contracts.channel import DeliveryStatus, MessageStatus
from ventanilla.contracts.conversation import ContactLinked
from ventanilla.contracts.event import Event
from ventanilla.stream.decision import Decision, Output

__all__ = ["Delivery", "Meter", "Sealed", "counts", "message_hash", "meter", "session_id"]

COUNTED = frozenset({DeliveryStatus.DELIVERED, DeliveryStatus.READ, DeliveryStatus.PLAYED})
MAX_HELD = 100
"""Statuses ahead of their time that one contact's meter keeps."""

Decide = Callable[[Meter | None, Event], Decision[Meter]]
Now = Callable[[Event], datetime]


def meter(
    zone: ZoneInfo,
    settling: timedelta = timedelta(days=10),
    clock_skew: timedelta = timedelta(minutes=5),
    now: Now = lambda event: event.occurred_at,
) -> Decide:
    """The decision for an institution: `zone` says to which month a session belongs.

    `now` is the time at which an event is read; without it, events are never ahead of their time.
    """
    rules = Rules(zone, settling, clock_skew)

    def decide(state: Meter | None, event: Event) -> Decision[Meter]:
        if not isinstance(event, MessageStatus | ContactLinked | MeterMoved):
            return Decision(state)
        outputs: tuple[Output, ...] = ()
        if state is not None and state.held:
            released = _release(state, now(event), rules)
            state, outputs = released.state, released.outputs
        match event:
            case MessageStatus():
                decision = _on_status(state, event, now(event), rules)
            case ContactLinked():
                decision = _on_linked(state, event, rules)
            case MeterMoved():
                decision = _on_moved(state, event, rules)
        return Decision(decision.state, outputs + decision.outputs)

    return decide


def counts(status: MessageStatus) -> bool:
    """Whether it says that a message of ours reached the person."""
    return status.status in COUNTED


def _on_status(state: Meter | None, status: MessageStatus, now: datetime, rules: Rules) -> Decision[Meter]:
    state = state or Meter(channel=status.channel, account=status.account)
    if not counts(status):
        return Decision(_tallied(state, "excluded:not_delivered"))
    if status.provider_message_id is None:
        return Decision(_tallied(state, "excluded:no_message_id"))
    if status.occurred_at > now + rules.clock_skew:
        return _ahead(state, status, now, rules)
    return _learn_one(state, status, rules)


def _learn_one(state: Meter, cause: MessageStatus, rules: Rules) -> Decision[Meter]:
    message, news = _delivery(cause)
    ours = cause.message_id is not None
    known = state.deliveries.get(message)
    if known is None:
        if state.sealed is not None and state.sealed.knows(message):
            return Decision(_tallied(state, "duplicate:sealed"))
        if state.moved_to is not None:
            move = moved_on(state.moved_to, {message: news}, state, cause, [])
            return Decision(_tallied(state, "moved"), (move,))
        if state.sealed is not None and news.counted_at < state.sealed.until:
            return _late(state, state.sealed, message, news, cause, rules)
        return settle(_tallied(state, "counted"), {message: news}, cause, rules, ours=ours)
    joined, outcome = known.joined(news), "duplicate"
    too_early = state.sealed is not None and joined.counted_at < state.sealed.until
    outputs: tuple[Output, ...] = ()
    if known.delivered and news.delivered and known.delivered != news.delivered:
        outcome = "duplicate:conflict"
        stands = (known if too_early else joined).counted_at
        outputs = (noted(Note.CONFLICT, message, news, state, cause, rules, stands_at=stands),)
    state = _tallied(state, outcome)
    if joined == known:
        return Decision(state, outputs)
    if too_early:
        return Decision(state, (*outputs, _adjustment(message, news, state, cause, rules)))
    settled = settle(state, {message: joined}, cause, rules, ours=ours)
    return Decision(settled.state, outputs + settled.outputs)


def _late(
    state: Meter, sealed: Sealed, message: str, news: Delivery, cause: Event, rules: Rules
) -> Decision[Meter]:
    """Never a silent drop, never an edit of what is sealed."""
    state = state.model_copy(update={"sealed": sealed.with_mark(message)})
    return Decision(_tallied(state, "quarantined:late"), (_adjustment(message, news, state, cause, rules),))


def _adjustment(message: str, news: Delivery, state: Meter, cause: Event, rules: Rules) -> Output:
    return noted(Note.ADJUSTMENT, message, news, state, cause, rules, sessions_at_most=1)


def _delivery(status: MessageStatus) -> tuple[str, Delivery]:
    """The message that a status concerns, and what it says of it."""
    at, delivered = status.occurred_at, status.status is DeliveryStatus.DELIVERED
    news = Delivery(
        delivered=at if delivered else None,
        seen=None if delivered else at,
        conversation=status.conversation_id,
    )
    return message_hash(status.provider_message_id or ""), news


def _ahead(state: Meter, status: MessageStatus, now: datetime, rules: Rules) -> Decision[Meter]:
    if any(held.id == status.id for held in state.held):
        return Decision(_tallied(state, "duplicate"))
    message, news = _delivery(status)
    if status.occurred_at > now + rules.settling or len(state.held) >= MAX_HELD:
        note = noted(Note.REFUSED, message, news, state, status, rules)
        return Decision(_tallied(state, "quarantined:far_ahead"), (note,))
    state = state.model_copy(update={"held": [*state.held, status]})
    note = noted(Note.HELD, message, news, state, status, rules)
    return Decision(_tallied(state, "quarantined:ahead"), (note,))


def _release(state: Meter, now: datetime, rules: Rules) -> Decision[Meter]:
    """Count what was held and whose time has come, in the order of its time."""
    due = [held for held in state.held if held.occurred_at <= now + rules.clock_skew]
    if not due:
        return Decision(state)
    outputs: tuple[Output, ...] = ()
    state = state.model_copy(update={"held": [held for held in state.held if held not in due]})
    for status in sorted(due, key=lambda held: (held.occurred_at, held.id)):
        state = _tallied(state, "quarantined:ahead", -1)
        note = noted(Note.RELEASED, *_delivery(status), state, status, rules)
        learned = _learn_one(state, status, rules)
        assert learned.state is not None
        state, outputs = learned.state, (*outputs, note, *learned.outputs)
    return Decision(state, outputs)


def _on_linked(state: Meter | None, linked: ContactLinked, rules: Rules) -> Decision[Meter]:
    """The alias's meter hands its deliveries to the canonical contact and voids its sessions.

    What had settled when the two were joined stays where it was metered: a closed month is not edited.
    """
    if not linked.merged or linked.contact_id != linked.alias_id or linked.canonical_id == linked.alias_id:
        return Decision(state)
    state = state or Meter(channel=linked.channel, account=linked.account)
    if state.moved_to == linked.canonical_id:
        return Decision(state)
    state = seal(state, max(linked.occurred_at, state.latest or linked.occurred_at), rules)
    outputs: tuple[Output, ...] = ()
    if state.deliveries:
        outputs = (moved_on(linked.canonical_id, state.deliveries, state, linked, []),)
    emptied = state.model_copy(update={"deliveries": {}, "moved_to": linked.canonical_id})
    settled = settle(emptied, {}, linked, rules)
    return Decision(settled.state, outputs + settled.outputs)


def _on_moved(state: Meter | None, moved: MeterMoved, rules: Rules) -> Decision[Meter]:
    state = state or Meter(channel=moved.channel, account=moved.account)
    known = {
        message: Delivery(
            delivered=moved.delivered.get(message),
            seen=moved.seen.get(message),
            conversation=moved.conversations.get(message),
        )
        for message in moved.delivered.keys() | moved.seen.keys()
    }
    if state.moved_to is not None:
        if not _ends_here(moved, state.moved_to):
            return Decision(state, (moved_on(state.moved_to, known, state, moved, moved.through),))
        state = state.model_copy(update={"moved_to": None})
    return _learn_all(state, known, moved, rules)


def _learn_all(state: Meter, known: Mapping[str, Delivery], cause: Event, rules: Rules) -> Decision[Meter]:
    """What another meter hands on: no statuses were read, so the tally stays."""
    news: dict[str, Delivery] = {}
    outputs: list[Output] = []
    for message, delivery in sorted(known.items()):
        before = state.deliveries.get(message)
        joined = delivery if before is None else before.joined(delivery)
        if joined == before or (before is None and state.sealed and state.sealed.knows(message)):
            continue  # nothing that we did not know
        if state.sealed is not None and joined.counted_at < state.sealed.until:
            outputs.append(_adjustment(message, delivery, state, cause, rules))
            state = state.model_copy(update={"sealed": state.sealed.with_mark(message)})
        else:
            news[message] = joined
    if not news:
        return Decision(state, tuple(outputs))
    settled = settle(state, news, cause, rules)
    return Decision(settled.state, (*outputs, *settled.outputs))


def _ends_here(moved: MeterMoved, moved_to: str) -> bool:
    """Whether contacts were joined in a circle, by two replicas at one moment, and this one stands for all.

    It is the one of the smallest id, as for whoever links ids.
    """
    if moved_to not in moved.through:
        return False
    circle = [*moved.through[moved.through.index(moved_to) :], moved.contact_id]
    return moved.contact_id == min(circle)


def _tallied(state: Meter, outcome: str, by: int = 1) -> Meter:
    """The state with one more status, of this outcome; `by` -1 takes one back."""
    tally = {**state.tally, outcome: state.tally.get(outcome, 0) + by}
    return state.model_copy(update={"received": state.received + by, "tally": tally})
