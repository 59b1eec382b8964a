"""Two ids that are one person: one meter hands on what it has, the other takes it in."""

from collections.abc import Mapping
from datetime import datetime

from billing.domain.adjusting import adjust
from billing.domain.closing import closed_until
from billing.domain.echoes import take_back_echoes
from billing.domain.ledger import Rules, seal, settle
from billing.domain.sessions import LENGTH
from billing.domain.state import Delivery, Meter
from billing.domain.words import moved_on
from ventanilla.contracts.billing import MeterMoved
from ventanilla.contracts.conversation import ContactLinked
from ventanilla.contracts.event import Event
from ventanilla.stream.decision import Decision, Output


def on_linked(state: Meter | None, linked: ContactLinked, rules: Rules) -> Decision[Meter]:
    """The alias's meter hands its deliveries to the canonical contact and voids its sessions.

    What had settled when the two were joined stays where it was metered: a closed month is not edited.
    """
    if not linked.merged or linked.contact_id != linked.alias_id or linked.canonical_id == linked.alias_id:
        return Decision(state)
    state = state or Meter(channel=linked.channel, account=linked.account)
    if state.moved_to == linked.canonical_id:
        return Decision(state)
    came_at = rules.came_at(linked)
    settled_by = max(linked.occurred_at, state.latest or linked.occurred_at) - rules.settling
    closed_by = closed_until(came_at, rules.zone, rules.settling) + LENGTH
    state = seal(state, max(settled_by, closed_by), rules)
    outputs: tuple[Output, ...] = ()
    if state.deliveries or state.echoes:
        echoed = state.echoed_messages()
        outputs = (moved_on(linked.canonical_id, state.deliveries, state, linked, came_at, echoed=echoed),)
    emptied = state.model_copy(update={"deliveries": {}, "moved_to": linked.canonical_id})
    settled = settle(emptied, {}, linked, rules)
    return Decision(settled.state, outputs + settled.outputs)


def on_moved(state: Meter | None, moved: MeterMoved, rules: Rules) -> Decision[Meter]:
    state = state or Meter(channel=moved.channel, account=moved.account)
    known = {
        message: Delivery(
            delivered=moved.delivered.get(message),
            seen=moved.seen.get(message),
            conversation=moved.conversations.get(message),
            facts=moved.facts.get(message),
        )
        for message in moved.delivered.keys() | moved.seen.keys()
    }
    if state.moved_to is not None:
        if not _ends_here(moved, state.moved_to):
            passed = moved_on(
                state.moved_to, known, state, moved, rules.came_at(moved),
                through=moved.through, echoed=moved.echoed,
            )  # fmt: skip
            return Decision(state, (passed,))
        state = state.model_copy(update={"moved_to": None})
    came_at = rules.came_at(moved)
    without = take_back_echoes(state, moved.echoed, moved, came_at, rules)
    assert without.state is not None
    learned = _learn_all(without.state, known, moved, came_at, rules)
    return Decision(learned.state, without.outputs + learned.outputs)


def _learn_all(
    state: Meter, known: Mapping[str, Delivery], cause: Event, came_at: datetime, rules: Rules
) -> Decision[Meter]:
    """What another meter hands on: no statuses were read, so the tally stays."""
    news: dict[str, Delivery] = {}
    outputs: list[Output] = []
    for message, delivery in sorted(known.items()):
        before = state.deliveries.get(message)
        joined = delivery if before is None else before.joined(delivery)
        if joined == before or state.echoed(message):
            continue
        if before is None and (message in state.late or (state.sealed and state.sealed.knows(message))):
            continue  # nothing that we did not know
        first = joined.counted_at if before is None else min(before.counted_at, joined.counted_at)
        settled = state.sealed is not None and first < state.sealed.until
        moves = before is None or before.counted_at != joined.counted_at
        if moves and (settled or rules.too_late(first, came_at)):
            why = "settled" if settled else "closed"
            state, note = adjust(state, message, joined, cause, came_at, rules, reason=why)
            outputs.append(note)
        else:
            news[message] = joined
    if not news:
        return Decision(state, tuple(outputs))
    decision = settle(state, news, cause, rules)
    return Decision(decision.state, (*outputs, *decision.outputs))


def _ends_here(moved: MeterMoved, moved_to: str) -> bool:
    """Whether contacts were joined in a circle, by two replicas at one moment, and this one stands for all.

    It is the one of the smallest id, as for whoever links ids.
    """
    if moved_to not in moved.through:
        return False
    circle = [*moved.through[moved.through.index(moved_to) :], moved.contact_id]
    return moved.contact_id == min(circle)
