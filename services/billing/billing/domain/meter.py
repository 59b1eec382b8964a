"""One contact's meter: the deliveries that count, the sessions they make, and what changed.

A delivery counts once, by its provider's message id, at the provider's time: that of `delivered`, or that
of `read` (or `played`) where no `delivered` came, as the provider's documentation allows. Of several times
for one id the earliest stands, so that the set does not depend on the order of arrival.

Every status read has one outcome, and they sum up to what was received:

* `counted`: the first that makes its message count;
* `duplicate`: its message counts already; `duplicate:conflict` when it gives another delivery time, or says
  something else of price or conversation, which is also noted; `duplicate:sealed` when its message lies in
  the sealed part; `duplicate:closed` when its message came too late before;
* `excluded:not_delivered`, `excluded:no_message_id`, `excluded:echoed`: written on the number's own telephone
  (a message that counted before its echo came goes from `counted` to here);
* `quarantined:ahead`: its time has not come; it is held, noted, and counted when its time has come.
  `quarantined:far_ahead`: more than a settling time, or more of them than a meter holds: noted, not counted.
  `quarantined:closed`: it came when its month was closed, and `quarantined:late`: older than what is sealed:
  both noted as adjustments;
* `moved`: passed on to the contact that this one turned out to be, whose meter then decides.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from zoneinfo import ZoneInfo

from billing.domain.adjusting import adjust
from billing.domain.echoes import on_echo
from billing.domain.joining import on_linked, on_moved
from billing.domain.ledger import Rules, session_id, settle
from billing.domain.state import Delivery, Meter, Sealed
from billing.domain.words import message_hash, moved_on, noted
from ventanilla.contracts.billing import MeterDue, MeterMoved, Note
from ventanilla.contracts.channel import (
    DeliveryStatus,
    EchoedMessage,
    MessageStatus,
    ProviderConversation,
    ProviderPricing,
)
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
    came_at: Now | None = None,
) -> Decide:
    """The decision for an institution: `zone` says to which month a session belongs.

    `now` is the time at which an event is read; without it, events are never ahead of their time. `came_at`
    is when it came to us; without it, as the event says, or else when it is read.
    """
    rules = Rules(zone, settling, clock_skew, came_at or (lambda event: received_at(event) or now(event)))

    def decide(state: Meter | None, event: Event) -> Decision[Meter]:
        if not isinstance(event, MessageStatus | EchoedMessage | ContactLinked | MeterMoved | MeterDue):
            return Decision(state)
        outputs: tuple[Output, ...] = ()
        if state is not None and state.held:
            released = _release(state, now(event), rules)
            state, outputs = released.state, released.outputs
        match event:
            case MessageStatus():
                decision = _on_status(state, event, now(event), rules)
            case EchoedMessage():
                decision = on_echo(state, event, rules)
            case ContactLinked():
                decision = on_linked(state, event, rules)
            case MeterMoved():
                decision = on_moved(state, event, rules)
            case MeterDue():
                decision = Decision(state)  # what was due has been released
        return Decision(decision.state, outputs + decision.outputs)

    return decide


def received_at(event: Event) -> datetime | None:
    """When it came to us, where the event says so."""
    match event:
        case MessageStatus() | EchoedMessage():
            return event.received_at
        case MeterMoved():
            return event.came_at
    return None


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
    if state.echoed(message):
        return Decision(_tallied(state, "excluded:echoed"))
    known = state.deliveries.get(message)
    if known is None:
        return _learn_new(state, message, news, cause, rules)
    late = state.late.get(message)
    joined, told = known.joined(news), known if late is None else known.joined(late)
    moves = joined.counted_at != known.counted_at
    came_at, first = rules.came_at(cause), min(joined.counted_at, known.counted_at)
    sealed = state.sealed is not None and first < state.sealed.until
    too_late = moves and (sealed or rules.too_late(first, came_at))
    outcome, outputs = "duplicate", list[Output]()
    reason = _conflict(known, news)
    if reason is not None:
        outcome = "duplicate:conflict"
        stands = (known if too_late else joined).counted_at
        outputs.append(
            noted(
                Note.CONFLICT, message, news, state, cause, rules,
                came_at=came_at, stands_at=stands, reason=reason,
            )
        )  # fmt: skip
    state = _tallied(state, outcome)
    if joined == known:
        return Decision(state, tuple(outputs))
    if too_late:
        if told.joined(news) != told:
            why = "settled" if sealed else "closed"
            state, note = adjust(state, message, joined, cause, came_at, rules, reason=why)
            outputs.append(note)
        return Decision(state, tuple(outputs))
    settled = settle(state, {message: joined}, cause, rules, ours=cause.message_id is not None)
    return Decision(settled.state, (*outputs, *settled.outputs))


def _learn_new(
    state: Meter, message: str, news: Delivery, cause: MessageStatus, rules: Rules
) -> Decision[Meter]:
    came_at, late = rules.came_at(cause), state.late.get(message)
    if late is not None:
        state = _tallied(state, "duplicate:closed")
        if late.joined(news).counted_at == late.counted_at:
            return Decision(state)
        state, note = adjust(state, message, late.joined(news), cause, came_at, rules, reason="closed")
        return Decision(state, (note,))
    if state.sealed is not None and state.sealed.knows(message):
        return Decision(_tallied(state, "duplicate:sealed"))
    if state.moved_to is not None:
        move = moved_on(state.moved_to, {message: news}, state, cause, came_at)
        return Decision(_tallied(state, "moved"), (move,))
    closed = rules.too_late(news.counted_at, came_at)
    if closed or (state.sealed is not None and news.counted_at < state.sealed.until):
        state = _tallied(state, "quarantined:closed" if closed else "quarantined:late")
        why = "closed" if closed else "settled"
        state, note = adjust(state, message, news, cause, came_at, rules, reason=why)
        return Decision(state, (note,))
    ours = cause.message_id is not None
    return settle(_tallied(state, "counted"), {message: news}, cause, rules, ours=ours)


def _conflict(known: Delivery, news: Delivery) -> str | None:
    """What two reports of one delivery disagree on."""
    if known.delivered and news.delivered and known.delivered != news.delivered:
        return "time"
    return "payload" if known.contradicts(news) else None


def _delivery(status: MessageStatus) -> tuple[str, Delivery]:
    """The message that a status concerns, and what it says of it."""
    at, delivered = status.occurred_at, status.status is DeliveryStatus.DELIVERED
    news = Delivery(
        delivered=at if delivered else None,
        seen=None if delivered else at,
        conversation=status.conversation_id,
        facts=_facts(status) if delivered else None,
    )
    return message_hash(status.provider_message_id or ""), news


def _facts(status: MessageStatus) -> str | None:
    if status.pricing is None and status.conversation is None:
        return None
    return f"{_hashed(status.pricing)}.{_hashed(status.conversation)}"


@lru_cache(maxsize=1024)  # most messages of a number have one price, and those of a conversation are together
def _hashed(fact: ProviderPricing | ProviderConversation | None) -> str:
    return "" if fact is None else sha256(fact.model_dump_json().encode()).hexdigest()[:8]


def _ahead(state: Meter, status: MessageStatus, now: datetime, rules: Rules) -> Decision[Meter]:
    if any(held.id == status.id for held in state.held):
        return Decision(_tallied(state, "duplicate"))
    message, news = _delivery(status)
    if status.occurred_at > now + rules.settling or len(state.held) >= MAX_HELD:
        note = noted(Note.REFUSED, message, news, state, status, rules, came_at=rules.came_at(status))
        return Decision(_tallied(state, "quarantined:far_ahead"), (note,))
    state = state.model_copy(update={"held": [*state.held, status]})
    note = noted(Note.HELD, message, news, state, status, rules, came_at=rules.came_at(status))
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
        note = noted(Note.RELEASED, *_delivery(status), state, status, rules, came_at=rules.came_at(status))
        learned = _learn_one(state, status, rules)
        assert learned.state is not None
        state, outputs = learned.state, (*outputs, note, *learned.outputs)
    return Decision(state, outputs)


def _tallied(state: Meter, outcome: str, by: int = 1) -> Meter:
    """The state with one more status, of this outcome; `by` -1 takes one back."""
    return state.model_copy(update={"received": state.received + by}).tallied(outcome, by)
