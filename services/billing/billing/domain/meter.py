"""One contact's meter: the deliveries that count, the sessions they make, and what changed.

A delivery counts once, by its provider's message id, at the provider's time: that of `delivered`, or that
of `read` (or `played`) where no `delivered` came, as the provider's documentation allows. Of several times
for one id the earliest stands, so that the set does not depend on the order of arrival.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from billing.domain.sessions import Session, sessions
from ventanilla.contracts.billing import MeterMoved, SessionChange, SessionChanged
from ventanilla.contracts.channel import Channel, DeliveryStatus, MessageStatus
from ventanilla.contracts.conversation import ContactLinked
from ventanilla.contracts.event import Event, derived_id
from ventanilla.stream.decision import Decision, Output
from ventanilla.topics import METER_MOVED, SESSION

COUNTED = frozenset({DeliveryStatus.DELIVERED, DeliveryStatus.READ, DeliveryStatus.PLAYED})


class Delivery(BaseModel):
    """When one message was delivered, as far as is known."""

    delivered: datetime | None = None
    seen: datetime | None = None
    """The earliest `read` or `played`."""

    @property
    def counted_at(self) -> datetime:
        moment = self.delivered or self.seen
        assert moment is not None, "a delivery is kept only with a time"
        return moment

    def joined(self, other: "Delivery") -> "Delivery":
        """Both pieces of knowledge; commutative, associative and idempotent."""
        return Delivery(
            delivered=_earlier(self.delivered, other.delivered), seen=_earlier(self.seen, other.seen)
        )


class Meter(BaseModel):
    """What is kept of one contact of one account: a line for each delivered message, for ever so far.

    A silence of 24 hours ends every cascade, so what lies before one, and is older than what the provider may
    still report, can be sealed into its sessions one day without changing a result.
    """

    channel: Channel
    account: str
    deliveries: dict[str, Delivery] = {}
    """By a short hash of the provider's message id."""
    revisions: dict[str, int] = {}
    """How often each session, standing or voided, was published."""
    published: dict[str, tuple[datetime, int]] = {}
    """The standing sessions: when each opened and how many messages it has."""
    moved_to: str | None = None
    """The contact that this one turned out to be; what still comes here is passed on."""


Decide = Callable[[Meter | None, Event], Decision[Meter]]


def meter(zone: ZoneInfo) -> Decide:
    """The decision for an institution: `zone` says to which month a session belongs."""

    def decide(state: Meter | None, event: Event) -> Decision[Meter]:
        match event:
            case MessageStatus():
                return _on_status(state, event, zone)
            case ContactLinked():
                return _on_linked(state, event, zone)
            case MeterMoved():
                return _on_moved(state, event, zone)
        return Decision(state)

    return decide


def counts(status: MessageStatus) -> bool:
    """Whether it says that a message of ours reached the person."""
    return status.status in COUNTED


def message_hash(provider_message_id: str) -> str:
    """Sixteen hexadecimal digits: enough to tell one contact's messages apart, and short to keep."""
    return sha256(provider_message_id.encode()).hexdigest()[:16]


def _on_status(state: Meter | None, status: MessageStatus, zone: ZoneInfo) -> Decision[Meter]:
    if not counts(status) or status.provider_message_id is None:
        return Decision(state)
    delivered = status.status is DeliveryStatus.DELIVERED
    known = {
        message_hash(status.provider_message_id): Delivery(
            delivered=status.occurred_at if delivered else None,
            seen=None if delivered else status.occurred_at,
        )
    }
    state = state or Meter(channel=status.channel, account=status.account)
    if state.moved_to is not None:
        return Decision(state, (_move(state.moved_to, known, state, status, []),))
    return _learn(state, known, status, zone)


def _on_linked(state: Meter | None, linked: ContactLinked, zone: ZoneInfo) -> Decision[Meter]:
    """The alias's meter hands its deliveries to the canonical contact and voids its sessions."""
    if not linked.merged or linked.contact_id != linked.alias_id or linked.canonical_id == linked.alias_id:
        return Decision(state)
    state = state or Meter(channel=linked.channel, account=linked.account)
    if state.moved_to == linked.canonical_id:
        return Decision(state)
    emptied = state.model_copy(update={"deliveries": {}, "moved_to": linked.canonical_id})
    outputs: tuple[Output, ...] = ()
    if state.deliveries:
        outputs = (_move(linked.canonical_id, state.deliveries, state, linked, []),)
    settled = _publish(emptied, linked, zone)
    return Decision(settled.state, outputs + settled.outputs)


def _on_moved(state: Meter | None, moved: MeterMoved, zone: ZoneInfo) -> Decision[Meter]:
    state = state or Meter(channel=moved.channel, account=moved.account)
    known = {
        message: Delivery(delivered=moved.delivered.get(message), seen=moved.seen.get(message))
        for message in moved.delivered.keys() | moved.seen.keys()
    }
    if state.moved_to is not None:
        if not _ends_here(moved, state.moved_to):
            return Decision(state, (_move(state.moved_to, known, state, moved, moved.through),))
        state = state.model_copy(update={"moved_to": None})
    return _learn(state, known, moved, zone)


def _ends_here(moved: MeterMoved, moved_to: str) -> bool:
    """Whether contacts were joined in a circle, by two replicas at one moment, and this one stands for all.

    It is the one of the smallest id, as for whoever links ids.
    """
    if moved_to not in moved.through:
        return False
    circle = [*moved.through[moved.through.index(moved_to) :], moved.contact_id]
    return moved.contact_id == min(circle)


def _move(to: str, deliveries: dict[str, Delivery], meter: Meter, cause: Event, through: list[str]) -> Output:
    return (
        METER_MOVED,
        MeterMoved(
            id=derived_id("meter-moved", cause.id, to),
            occurred_at=cause.occurred_at,
            contact_id=to,
            correlation_id=cause.correlation_id,
            channel=meter.channel,
            account=meter.account,
            delivered={m: d.delivered for m, d in deliveries.items() if d.delivered is not None},
            seen={m: d.seen for m, d in deliveries.items() if d.seen is not None},
            through=[*through, cause.contact_id],
        ),
    )


def _learn(state: Meter, known: dict[str, Delivery], cause: Event, zone: ZoneInfo) -> Decision[Meter]:
    joined = {
        message: state.deliveries[message].joined(delivery) if message in state.deliveries else delivery
        for message, delivery in known.items()
    }
    if all(state.deliveries.get(message) == delivery for message, delivery in joined.items()):
        return Decision(state)  # nothing that we did not know
    return _publish(state.model_copy(update={"deliveries": state.deliveries | joined}), cause, zone)


def _publish(state: Meter, cause: Event, zone: ZoneInfo) -> Decision[Meter]:
    """Compare the sessions of the set with those that were published, and say what is different."""
    standing = {
        session_id(state, cause.contact_id, session.opened_at): session
        for session in sessions(delivery.counted_at for delivery in state.deliveries.values())
    }
    revisions = dict(state.revisions)
    outputs: list[Output] = []
    for change, key, session in _differences(state, standing):
        revisions[key] = revisions.get(key, 0) + 1
        outputs.append(
            (
                SESSION,
                SessionChanged(
                    id=derived_id("session-change", key, str(revisions[key])),
                    occurred_at=cause.occurred_at,
                    contact_id=cause.contact_id,
                    correlation_id=cause.correlation_id,
                    session_id=key,
                    change=change,
                    channel=state.channel,
                    account=state.account,
                    opened_at=session.opened_at,
                    closes_at=session.closes_at,
                    month=session.month(zone),
                    messages=session.messages,
                    cause_id=cause.id,
                    revision=revisions[key],
                ),
            )
        )
    published = {key: (session.opened_at, session.messages) for key, session in standing.items()}
    return Decision(state.model_copy(update={"published": published, "revisions": revisions}), tuple(outputs))


def _differences(state: Meter, standing: dict[str, Session]) -> Iterable[tuple[SessionChange, str, Session]]:
    for key, (opened_at, _) in state.published.items():
        if key not in standing:
            yield SessionChange.VOIDED, key, Session(opened_at, 0)
    for key, session in standing.items():
        before = state.published.get(key)
        if before is None:
            yield SessionChange.OPENED, key, session
        elif session.messages > before[1]:
            yield SessionChange.EXTENDED, key, session
        elif session.messages < before[1]:
            yield SessionChange.CORRECTED, key, session


def session_id(meter: Meter, contact_id: str, opened_at: datetime) -> str:
    """The same set of messages gives the same ids: a session is named by where it opens."""
    return derived_id("session", meter.channel, meter.account, contact_id, opened_at.isoformat())


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else one or other
