"""What the meter published, event by event, is what an auditor works out from the export afterwards."""

from collections import defaultdict, deque
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from billing.domain.meter import Meter, meter
from billing.proof.recompute import recompute
from support.exports import LATER, ZONE_NAME
from support.statuses import ACCOUNT, echo, status
from ventanilla.contracts.billing import MeterMoved, SessionChange, SessionChanged
from ventanilla.contracts.channel import Channel, DeliveryStatus, EchoedMessage, MessageStatus
from ventanilla.contracts.conversation import ContactLinked
from ventanilla.contracts.event import Event

ZONE = ZoneInfo(ZONE_NAME)
START = datetime(2023, 10, 28, tzinfo=UTC)
CONTACTS = ["a" * 32, "b" * 32, "c" * 32]
decide = meter(ZONE)


class Ledger:
    """Every contact's meter, and what a stranger keeps of what they publish."""

    def __init__(self) -> None:
        self.meters: dict[str, Meter | None] = defaultdict(lambda: None)
        self.sessions: dict[str, SessionChanged] = {}

    def take(self, event: Event) -> None:
        waiting = deque([event])
        while waiting:
            event = waiting.popleft()
            decision = decide(self.meters[event.contact_id], event)
            self.meters[event.contact_id] = decision.state
            for _, output in decision.outputs:
                if isinstance(output, SessionChanged):
                    self.sessions[output.session_id] = output
                elif isinstance(output, MeterMoved):
                    waiting.append(output)

    def standing(self) -> list[tuple[str, str, datetime, int]]:
        return sorted(
            (one.month, one.contact_id, one.opened_at, one.messages)
            for one in self.sessions.values()
            if one.change is not SessionChange.VOIDED
        )


STATUSES = st.builds(
    lambda contact, message, minute, kind: status(
        contact, f"{contact[0]}{message}", START + timedelta(minutes=minute), kind
    ),
    st.sampled_from(CONTACTS),
    st.integers(0, 6),
    st.integers(0, 6 * 1440),
    st.sampled_from(list(DeliveryStatus)),
)


def link(alias: str, canonical: str, hour: int) -> ContactLinked:
    return ContactLinked(
        id=f"{alias}{canonical}", occurred_at=START + timedelta(hours=hour), contact_id=alias,
        correlation_id="link", alias_id=alias, canonical_id=canonical, merged=True, channel=Channel.WHATSAPP,
        account=ACCOUNT,
    )  # fmt: skip


LINKS = st.sampled_from(
    [
        [],
        [link(CONTACTS[0], CONTACTS[1], 20)],
        [link(CONTACTS[0], CONTACTS[1], 20), link(CONTACTS[1], CONTACTS[2], 90)],
        [link(CONTACTS[0], CONTACTS[1], 20), link(CONTACTS[1], CONTACTS[0], 21)],
    ]
)


@given(st.lists(STATUSES, max_size=30), LINKS, st.data())
def test_the_ledger_is_what_recompute_says(
    history: list[MessageStatus], links: list[ContactLinked], data: st.DataObject
) -> None:
    ledger = Ledger()
    for event in data.draw(st.permutations([*history, *links, *history])):
        ledger.take(event)
    found = recompute(enumerate([*history, *links], start=1), ZONE, LATER)
    worked_out = [(line.month, line.contact, line.opened_at, line.messages) for line in found.lines]
    assert sorted(worked_out) == ledger.standing()


@given(st.lists(STATUSES.filter(lambda one: one.contact_id == CONTACTS[0]), max_size=20))
def test_both_count_the_same_messages_and_account_for_every_status(history: list[MessageStatus]) -> None:
    ledger = Ledger()
    for event in history:
        ledger.take(event)
    account = recompute(enumerate(history, start=1), ZONE, LATER).account
    state = ledger.meters[CONTACTS[0]]
    tally = state.tally if state is not None else {}
    assert account.received == sum(tally.values())
    for outcome, ours in (("counted", account.counted), ("duplicate", account.duplicate.total())):
        assert sum(count for name, count in tally.items() if name.split(":")[0] == outcome) == ours


FACTS = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.integers(0, 9 * 24),
        st.sampled_from([DeliveryStatus.DELIVERED, DeliveryStatus.DELIVERED, DeliveryStatus.READ]),
        st.one_of(st.integers(0, 9 * 24), st.integers(45 * 24, 60 * 24)),
    ),
    max_size=14,
)
ECHOES = st.dictionaries(
    st.integers(0, 6), st.one_of(st.integers(0, 9 * 24), st.integers(45 * 24, 60 * 24)), max_size=3
)


@given(FACTS, ECHOES)
def test_what_came_after_the_close_is_billed_by_neither_and_restated_by_both(
    facts: list[tuple[int, int, DeliveryStatus, int]], echoes: dict[int, int]
) -> None:
    """A message is delivered once and read after that, whenever we hear of it."""
    contact = CONTACTS[0]
    delivered: dict[int, int] = {}
    history: list[Event] = []
    for message, hour, kind, delay in facts:
        hour = delivered.setdefault(message, hour) + (kind is DeliveryStatus.READ)
        at = START + timedelta(hours=hour)
        history.append(status(contact, f"w{message}", at, kind, came_at=at + timedelta(hours=delay)))
    for message, delay in echoes.items():
        at = START + timedelta(hours=delivered.get(message, 0))
        history.append(echo(contact, f"w{message}", at, came_at=at + timedelta(hours=delay, microseconds=1)))
    history.sort(key=came)
    ledger = Ledger()
    for event in history:
        ledger.take(event)
    found = recompute(enumerate(history, start=1), ZONE, LATER)  # type: ignore[arg-type]
    worked_out = [(line.month, line.contact, line.opened_at, line.messages) for line in found.lines]
    assert sorted(worked_out) == ledger.standing()
    assert found.account.adds_up()
    assert sum(line.messages for line in found.restated) == len(delivered.keys() - echoes.keys())


def came(event: Event) -> datetime:
    assert isinstance(event, MessageStatus | EchoedMessage)
    assert event.received_at is not None
    return event.received_at
