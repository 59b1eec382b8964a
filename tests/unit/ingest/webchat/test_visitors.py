"""Who may come back as whom."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.channels.webchat.visitors import VALID, BadTokenError, Visitor, issue, new_visitor, read

KEY = "k" * 40
NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
VISITOR = Visitor("web", "0123456789abcdef")


def test_a_visitor_comes_back_as_himself() -> None:
    assert read(KEY, "web", issue(KEY, VISITOR, NOW), NOW + timedelta(days=30)) == VISITOR


def test_two_new_visitors_are_two() -> None:
    assert new_visitor("web").id != new_visitor("web").id


def test_a_token_made_with_another_key_is_refused() -> None:
    with pytest.raises(BadTokenError):
        read(KEY, "web", issue("x" * 40, VISITOR, NOW), NOW)


def test_a_token_without_a_signature_is_refused() -> None:
    claims = {"sub": VISITOR.id, "acc": "web", "aud": "ventanilla-webchat", "exp": 4102444800}
    with pytest.raises(BadTokenError):
        read(KEY, "web", jwt.encode(claims, "", algorithm="none"), NOW)


def test_a_bearer_token_of_the_apis_is_refused() -> None:
    claims = {"sub": VISITOR.id, "acc": "web", "aud": "ventanilla", "exp": 4102444800}
    with pytest.raises(BadTokenError):
        read(KEY, "web", jwt.encode(claims, KEY, algorithm="HS256"), NOW)


def test_a_token_runs_out_half_a_year_after_the_last_visit() -> None:
    token = issue(KEY, VISITOR, NOW)
    assert read(KEY, "web", token, NOW + VALID - timedelta(seconds=1)) == VISITOR
    with pytest.raises(BadTokenError, match="expired"):
        read(KEY, "web", token, NOW + VALID)


def test_a_token_is_good_for_its_own_account_only() -> None:
    with pytest.raises(BadTokenError, match="another account"):
        read(KEY, "intranet", issue(KEY, VISITOR, NOW), NOW)


@given(st.integers(min_value=0), st.characters(min_codepoint=33, max_codepoint=126))
def test_no_changed_token_makes_somebody_else(place: int, sign: str) -> None:
    token = issue(KEY, VISITOR, NOW)
    place %= len(token)
    changed = token[:place] + sign + token[place + 1 :]
    with suppress(BadTokenError):
        assert read(KEY, "web", changed, NOW) == VISITOR  # the last base64 sign has spare bits


def test_a_refusal_does_not_repeat_the_token() -> None:
    token = issue("x" * 40, VISITOR, NOW)
    with pytest.raises(BadTokenError) as refusal:
        read(KEY, "web", token, NOW)
    assert token not in str(refusal.value)


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    with pytest.raises(BadTokenError):
        read(KEY, "web", text, NOW)
