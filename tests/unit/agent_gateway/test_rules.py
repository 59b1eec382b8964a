"""Statuses, presence, sessions and the throttle: small rules that people feel."""

from datetime import timedelta
from itertools import permutations

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from agent_gateway.domain import sessions
from agent_gateway.domain.presence import EXPIRES_AFTER, Presence, effective, on_arrival
from agent_gateway.domain.statuses import overall
from agent_gateway.domain.throttle import LIMITS, WINDOW, Bucket, bucket, refused
from agent_gateway.passwords import Passwords
from agent_gateway.texts import load_texts
from support.messages import NOON
from ventanilla.contracts.channel import DeliveryStatus as Status


@pytest.mark.parametrize(
    ("parts", "count", "shown"),
    [
        ([], 1, "pending"),
        ([Status.SENT], 1, "sent"),
        ([Status.SENT], 2, "pending"),
        ([Status.READ, Status.DELIVERED], 2, "delivered"),
        ([Status.READ, Status.FAILED], 2, "failed"),
        ([Status.REFUSED], 3, "refused"),
    ],
)
def test_a_message_is_as_far_as_its_slowest_part(parts: list[Status], count: int, shown: str) -> None:
    for order in permutations(parts):
        assert overall(order, count) == shown


@given(st.sampled_from([Presence.AVAILABLE, Presence.BUSY, Presence.AWAY]), st.integers(0, 200))
def test_a_state_holds_while_somebody_is_there(chosen: Presence, seconds: int) -> None:
    seen = effective(chosen, NOON, NOON + timedelta(seconds=seconds))
    assert seen == (chosen if seconds < EXPIRES_AFTER.total_seconds() else Presence.OFFLINE)


def test_one_comes_back_as_one_left_and_the_first_time_available() -> None:
    assert on_arrival(Presence.BUSY) is Presence.BUSY
    assert on_arrival(Presence.OFFLINE) is Presence.AVAILABLE
    assert on_arrival(None) is Presence.AVAILABLE


def test_a_session_ends_when_nobody_works_and_after_a_working_day() -> None:
    assert sessions.alive(NOON, NOON, NOON + sessions.IDLE - timedelta(seconds=1))
    assert not sessions.alive(NOON, NOON, NOON + sessions.IDLE)
    busy = NOON + sessions.ABSOLUTE
    assert not sessions.alive(NOON, busy, busy)


@given(st.sampled_from(["account", "address"]), st.timedeltas(timedelta(), timedelta(days=2)))
def test_an_attempt_is_counted_in_one_window_that_ends_soon(kind: str, later: timedelta) -> None:
    now = NOON + later
    found: Bucket = bucket(kind, "ana", now)  # type: ignore[arg-type]
    assert now < found.ends_at <= now + WINDOW
    assert 1 <= found.retry_after(now) <= WINDOW.total_seconds()
    assert not refused(found, LIMITS[kind])
    assert refused(found, LIMITS[kind] + 1)
    assert bucket(kind, "ana", found.ends_at).id != found.id  # type: ignore[arg-type]


async def test_a_password_is_checked_also_for_nobody() -> None:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    known = await passwords.hash("la clave de Ana")
    assert known.startswith("$argon2id$")
    assert await passwords.check("la clave de Ana", known)
    assert not await passwords.check("otra clave", known)
    assert not await passwords.check("la clave de Ana", None)
    assert Passwords().outdated(known)


def test_every_reason_of_the_router_has_words() -> None:
    texts = load_texts()
    for reason in (
        "closed", "unknown_queue", "with_bot", "not_assigned_to_you", "already_yours", "already_taken",
    ):  # fmt: skip
        assert texts.problem(reason) != texts.problem("refused")
    assert texts.problem("a reason of tomorrow") == texts.problem("refused")
