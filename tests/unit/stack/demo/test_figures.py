"""A demo that does not add up says so: each tampered fact fails a check, an honest run none."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from stack.demo.figures import Balance, Evidence, figures
from stack.demo.player import Tally
from stack.demo.provider import Report, ReportedMessage, ReportedStatus, phone
from stack.demo.recording import Citizen, Step
from stack.demo.seen import Seen
from ventanilla.contracts.billing import SessionChange, SessionChanged
from ventanilla.contracts.channel import (
    Author,
    Channel,
    DeliveryStatus,
    MessageStatus,
    OutboundMessage,
    ReceivedMessage,
    Text,
    TextOut,
)
from ventanilla.contracts.conversation import (
    BotAnswered,
    Change,
    Conversation,
    ConversationChanged,
    ConversationState,
)
from ventanilla.contracts.event import derived_id

ACCOUNT = "999"
AT = datetime(2026, 11, 24, 14, tzinfo=UTC)
CONTACT = "c" * 32


def honest() -> Evidence:
    """One citizen wrote one message; the bot answered; the answer was delivered and read; one session."""
    citizen = Citizen(
        number=1,
        name="Ana",
        ids="number",
        area=None,
        category="estado",
        steps=[Step(at=AT.time(), say="hola")],
    )
    address = phone(1, 1, "number", "Ana").address
    message_id = derived_id("received", Channel.WHATSAPP, ACCOUNT, "wamid.1")
    conversation = Conversation(
        id="conversation", contact_id=CONTACT, channel=Channel.WHATSAPP, account=ACCOUNT,
        state=ConversationState.WITH_BOT, revision=1, opened_at=AT, state_since=AT, last_inbound_at=AT,
    )  # fmt: skip
    common = {"occurred_at": AT, "contact_id": CONTACT, "correlation_id": message_id}
    on_channel = {**common, "channel": Channel.WHATSAPP, "account": ACCOUNT}
    seen = Seen()
    for event in (
        ReceivedMessage(
            id=message_id, provider_message_id="wamid.1", content=Text(text="hola"), received_at=AT,
            **on_channel,
        ),
        ConversationChanged(
            id="opened", change=Change.OPENED, conversation=conversation, cause_id=message_id,
            actor="contact", **common,
        ),
        BotAnswered(
            id="answer", conversation_id="conversation", turn=1, replies=[TextOut(text="Hola")],
            **common,
        ),
        OutboundMessage(
            id="out", conversation_id="conversation", author=Author(kind="bot"), content=TextOut(text="Hola"),
            cause_id="answer", **on_channel,
        ),
        *(
            MessageStatus(
                id=word, status=word, provider_message_id="wamid.out", message_id="out", **on_channel
            )
            for word in [DeliveryStatus(name) for name in ("accepted", "sent", "delivered", "read")]
        ),
        SessionChanged(
            id="session-1", session_id="session", change=SessionChange.OPENED, opened_at=AT,
            closes_at=AT, month="2026-11", messages=1, cause_id="delivered", **on_channel,
        ),
    ):  # fmt: skip
        seen.note(event)
    tally = Tally(written={message_id: AT.timestamp()}, conversations=1, contacts={address: CONTACT})
    sent = ReportedMessage(
        id="wamid.out", contact=address, opaque="out:0:1:conversation",
        received_at=AT.replace(microsecond=250_000),
        statuses={word: ReportedStatus(at=AT, times=1) for word in ("sent", "delivered", "read")},
    )  # fmt: skip
    return Evidence(
        run=1, day="2026-11-24", seconds=1.0, citizens=[citizen], tally=tally, seen=seen,
        report=Report([sent], 0),
        before=Balance(10, Decimal("3277.00")), after=Balance(11, Decimal("3277.00")),
        plan=yaml.safe_load(Path("deploy/config/plans/movistar.yaml").read_text(encoding="utf-8")),
        listed_sessions={CONTACT: [(AT, 1)]}, dead_letters=0, desk_queues={},
    )  # fmt: skip


def test_an_honest_run_adds_up() -> None:
    found = figures(honest())
    assert [check.name for check in found.checks if not check.ok] == []
    assert (found.conversations, found.received, found.answered_by_bot) == (1, 1, 1)
    assert (found.delivered, found.sessions, found.cost) == (1, 1, "3277.00")
    assert found.by_area == {"general": 1}
    assert found.p50_ms == found.p99_ms == 250.0
    assert all(check["ok"] for check in found.as_json()["checks"])


def _forget_received(evidence: Evidence) -> None:
    evidence.seen.received.clear()


def _forget_answer(evidence: Evidence) -> None:
    evidence.seen.answers.clear()


def _another_conversation(evidence: Evidence) -> None:
    opened = evidence.seen.changes["opened"]
    other = opened.conversation.model_copy(update={"id": "other"})
    evidence.seen.note(opened.model_copy(update={"id": "opened-2", "conversation": other}))


def _a_part_twice(evidence: Evidence) -> None:
    evidence.report.messages.append(evidence.report.messages[0].model_copy(update={"id": "wamid.twice"}))


def _lost_delivery(evidence: Evidence) -> None:
    del evidence.seen.statuses[DeliveryStatus.DELIVERED], evidence.seen.statuses[DeliveryStatus.READ]


def _no_session(evidence: Evidence) -> None:
    evidence.seen.sessions.clear()


def _another_opening(evidence: Evidence) -> None:
    evidence.listed_sessions[CONTACT] = [(AT.replace(hour=15), 1)]


def _unlisted(evidence: Evidence) -> None:
    evidence.listed_sessions.clear()


def _a_problem(evidence: Evidence) -> None:
    evidence.tally.problems.append("citizen 1: no answer to message 1")


@pytest.mark.parametrize(
    ("tamper", "noticed"),
    [
        (_forget_received, "messages received, against messages written"),
        (_forget_answer, "messages answered, shown to people or asides"),
        (_another_conversation, "conversations, against the citizens' own count"),
        (_a_part_twice, "parts that a phone got twice"),
        (_lost_delivery, "delivered, against the provider's report"),
        (_no_session, "sessions, against the provider's report"),
        (_another_opening, "sessions that billing lists otherwise"),
        (_unlisted, "sessions that billing lists otherwise"),
        (_a_problem, "citizens who had no answer, or agents no effect"),
    ],
)
def test_what_does_not_add_up_is_named(tamper: Callable[[Evidence], None], noticed: str) -> None:
    evidence = honest()
    tamper(evidence)
    assert noticed in [check.name for check in figures(evidence).checks if not check.ok]
