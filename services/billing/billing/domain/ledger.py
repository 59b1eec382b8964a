"""From what is known of a contact to what is published of it: the changes of its sessions, and sealing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from billing.domain.closing import month_of, too_late
from billing.domain.sessions import LENGTH, Session, sessions
from billing.domain.state import Delivery, Meter, Sealed
from ventanilla.contracts.billing import SessionChange, SessionChanged
from ventanilla.contracts.event import Event, derived_id
from ventanilla.stream.decision import Decision, Output
from ventanilla.topics import SESSION


@dataclass(frozen=True, slots=True)
class Rules:
    """What the institution's file says of metering."""

    zone: ZoneInfo
    """Says to which month a session belongs."""
    settling: timedelta = timedelta(days=10)
    clock_skew: timedelta = timedelta(minutes=5)
    came_at: Callable[[Event], datetime] = lambda event: event.occurred_at
    """When an event came to us."""

    def month(self, moment: datetime) -> str:
        return month_of(moment, self.zone)

    def too_late(self, at: datetime, came_at: datetime) -> bool:
        """Whether what was delivered at `at` could touch a month that was closed when it came."""
        return too_late(at, came_at, self.zone, self.settling)


def settle(
    state: Meter, news: Mapping[str, Delivery], cause: Event, rules: Rules, *, ours: bool = True
) -> Decision[Meter]:
    """Take in what is new or changed (none of it before the sealed part), publish, seal what has settled.

    A message in order, or inside a session that stands, costs no look at the others; one that opens before a
    session that stands, or moves in time, has the live part computed anew.
    """
    moments = [delivery.counted_at for delivery in news.values()]
    latest = max([*moments, *([state.latest] if state.latest else [])], default=None)
    deliveries = {**state.deliveries, **news}
    differences, looked_at = None, news
    if len(news) == 1 and state.deliveries.keys().isdisjoint(news):
        differences = _appended(state, moments[0], cause)
    if differences is None:
        differences, looked_at = _differences(state, deliveries.values(), cause), deliveries
    openers = _openers(differences, looked_at.values())
    changed, outputs = _publish(state, differences, cause, rules, openers, ours=ours)
    known = state.model_copy(update={"deliveries": deliveries, "latest": latest, **changed})
    return Decision(seal(known, None if latest is None else latest - rules.settling, rules), outputs)


def take_back(state: Meter, message: str, cause: Event, rules: Rules) -> Decision[Meter]:
    """Without a message of the live part: it turned out not to count."""
    deliveries = {name: delivery for name, delivery in state.deliveries.items() if name != message}
    differences = _differences(state, deliveries.values(), cause)
    openers = _openers(differences, deliveries.values())
    changed, outputs = _publish(state, differences, cause, rules, openers, ours=True)
    return Decision(state.model_copy(update={"deliveries": deliveries, **changed}), outputs)


def seal(state: Meter, horizon: datetime | None, rules: Rules) -> Meter:
    """Fold sessions that ended by `horizon` into totals. Says nothing: nothing changed."""
    first = next(iter(state.published.values()), None)
    if horizon is None or first is None or first[0] + LENGTH > horizon:
        return state
    sealed, deliveries = state.sealed, state.deliveries
    published, revisions = dict(state.published), dict(state.revisions)
    for key, (opened_at, _) in state.published.items():
        until = opened_at + LENGTH
        if until > horizon:
            break
        inside = sorted(message for message, delivery in deliveries.items() if delivery.counted_at < until)
        deliveries = {m: delivery for m, delivery in deliveries.items() if delivery.counted_at >= until}
        sealed = (sealed or Sealed(until=until)).with_session(
            opened_at, until, rules.month(opened_at), inside
        )
        del published[key]
        revisions.pop(key, None)
    assert sealed is not None
    late = {
        message: delivery for message, delivery in state.late.items() if delivery.counted_at >= sealed.until
    }
    if len(late) < len(state.late):
        sealed = sealed.with_marks(sorted(state.late.keys() - late.keys()))
    voided = {key: opened_at for key, opened_at in state.voided.items() if opened_at >= sealed.until}
    for key in state.voided.keys() - voided.keys():
        revisions.pop(key, None)
    return state.model_copy(
        update={
            "sealed": sealed, "deliveries": deliveries, "published": published, "revisions": revisions,
            "voided": voided, "late": late,
        }
    )  # fmt: skip


Differences = list[tuple[SessionChange, str, Session]]


def _appended(state: Meter, moment: datetime, cause: Event) -> Differences | None:
    """What one new message changes, where that shows without the others; None where it does not."""
    later = False
    for key in reversed(state.published):
        opened_at, messages = state.published[key]
        if opened_at <= moment:
            if moment < opened_at + LENGTH:
                return [(SessionChange.EXTENDED, key, Session(opened_at, messages + 1))]
            break
        later = True
    if later:
        return None
    return [(SessionChange.OPENED, session_id(state, cause.contact_id, moment), Session(moment, 1))]


def _differences(state: Meter, deliveries: Iterable[Delivery], cause: Event) -> Differences:
    """Compare the sessions of the live set with those that were published."""
    standing = {
        session_id(state, cause.contact_id, session.opened_at): session
        for session in sessions(delivery.counted_at for delivery in deliveries)
    }
    return list(_compared(state, standing))


def _compared(state: Meter, standing: Mapping[str, Session]) -> Iterable[tuple[SessionChange, str, Session]]:
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


def _openers(differences: Differences, deliveries: Iterable[Delivery]) -> dict[str, str]:
    """The conversation of the message that opened each new session, where it is known."""
    opened = {
        session.opened_at: key for change, key, session in differences if change is SessionChange.OPENED
    }
    found: dict[str, str] = {}
    for delivery in deliveries if opened else ():
        key = opened.get(delivery.counted_at)
        if key is not None and delivery.conversation is not None:
            found[key] = min(delivery.conversation, found.get(key, delivery.conversation))
    return found


def _publish(
    state: Meter,
    differences: Differences,
    cause: Event,
    rules: Rules,
    openers: Mapping[str, str],
    *,
    ours: bool,
) -> tuple[dict[str, object], tuple[Output, ...]]:
    """The fields of the state that change with these differences, and what is said of them."""
    revisions, published, voided = dict(state.revisions), dict(state.published), dict(state.voided)
    in_order = True
    outputs: list[Output] = []
    for change, key, session in differences:
        revisions[key] = revisions.get(key, 0) + 1
        if change is SessionChange.VOIDED:
            del published[key]
            voided[key] = session.opened_at
        else:
            in_order = in_order and (key in published or _follows(published, session))
            published[key] = (session.opened_at, session.messages)
            voided.pop(key, None)
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
                    month=rules.month(session.opened_at),
                    messages=session.messages,
                    cause_id=cause.id,
                    revision=revisions[key],
                    ours=ours,
                    conversation_id=openers.get(key),
                ),
            )
        )
    if not in_order:
        published = dict(sorted(published.items(), key=lambda item: item[1][0]))
    return {"revisions": revisions, "published": published, "voided": voided}, tuple(outputs)


def _follows(published: dict[str, tuple[datetime, int]], session: Session) -> bool:
    last = next(reversed(published.values()), None)
    return last is None or last[0] < session.opened_at


def session_id(meter: Meter, contact_id: str, opened_at: datetime) -> str:
    """The same set of messages gives the same ids: a session is named by where it opens."""
    return derived_id("session", meter.channel, meter.account, contact_id, opened_at.isoformat())
