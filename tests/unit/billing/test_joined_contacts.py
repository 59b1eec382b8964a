"""Ids that turn out to be one person, in any order, even joined in a circle: his sessions, each once."""

from collections import deque
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from billing.domain.meter import Meter, meter
from billing.domain.sessions import sessions
from support.statuses import ACCOUNT, status
from ventanilla.contracts.billing import SessionChange, SessionChanged
from ventanilla.contracts.channel import Channel
from ventanilla.contracts.conversation import ContactLinked
from ventanilla.contracts.event import Event

START = datetime(2026, 10, 30, tzinfo=UTC)
PEOPLE = [letter * 32 for letter in "abcd"]
decide = meter(ZoneInfo("America/El_Salvador"))


def linked(alias: str, contact: str) -> ContactLinked:
    return ContactLinked(
        id=f"{alias}>{contact}", occurred_at=START, contact_id=alias, correlation_id="link", alias_id=alias,
        canonical_id=contact, merged=True, channel=Channel.WHATSAPP, account=ACCOUNT,
    )  # fmt: skip


def settle(events: list[Event], data: st.DataObject) -> tuple[dict[str, Meter | None], list[SessionChanged]]:
    """Let each contact decide, and bring what they hand to each other, until all is quiet.

    As on the topics, what waits for one contact stands in several queues: any of them may be next.
    """
    meters: dict[str, Meter | None] = {}
    said: list[SessionChanged] = []
    waiting: deque[Event] = deque(events)
    for _ in range(2000):
        if not waiting:
            return meters, said
        waiting.rotate(data.draw(st.integers(0, len(waiting) - 1)) if len(waiting) > 1 else 0)
        event = waiting.popleft()
        decision = decide(meters.get(event.contact_id), event)
        meters[event.contact_id] = decision.state
        for _, output in decision.outputs:
            if isinstance(output, SessionChanged):
                said.append(output)
            else:
                waiting.append(output)
    raise AssertionError("the deliveries are handed on for ever")


def standing(said: list[SessionChanged]) -> list[tuple[str, datetime, int]]:
    latest = {change.session_id: change for change in sorted(said, key=lambda change: change.revision)}
    return sorted(
        (change.contact_id, change.opened_at, change.messages)
        for change in latest.values()
        if change.change is not SessionChange.VOIDED
    )


MESSAGES = st.lists(st.tuples(st.sampled_from(PEOPLE), st.integers(0, 5 * 24)), min_size=1, max_size=12)


@given(MESSAGES, st.permutations(PEOPLE), st.booleans(), st.data())
def test_all_deliveries_end_up_at_one_contact_and_make_the_sessions_of_all_of_them(
    messages: list[tuple[str, int]], order: list[str], circle: bool, data: st.DataObject
) -> None:
    links = [linked(alias, contact) for alias, contact in pairwise(order)]
    if circle:
        links.append(linked(order[-1], order[0]))
    delivered = [
        status(contact, f"wamid.{number}", START + timedelta(hours=hour))
        for number, (contact, hour) in enumerate(messages)
    ]
    _, said = settle([*delivered, *links, *data.draw(st.lists(st.sampled_from(links), max_size=3))], data)
    one = min(PEOPLE) if circle else order[-1]
    expected = sessions(message.occurred_at for message in delivered)
    assert standing(said) == [(one, session.opened_at, session.messages) for session in expected]


def test_two_contacts_joined_into_each_other_are_the_one_of_the_smaller_id() -> None:
    smaller, larger = PEOPLE[:2]
    for first, second in ((smaller, larger), (larger, smaller)):
        meters: dict[str, Meter | None] = {}
        waiting: list[Event] = [
            status(larger, "wamid.1", START),
            linked(first, second),
            linked(second, first),
        ]
        while waiting:
            event = waiting.pop(0)
            decision = decide(meters.get(event.contact_id), event)
            meters[event.contact_id] = decision.state
            waiting.extend(output for _, output in decision.outputs if not isinstance(output, SessionChanged))
        kept, left = meters[smaller], meters[larger]
        assert kept is not None
        assert left is not None
        assert (len(kept.published), len(left.published)) == (1, 0)
