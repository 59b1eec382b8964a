"""Pseudonyms and tokens."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ventanilla.access import InvalidTokenError, Role, issue_token, read_token
from ventanilla.contacts import address_hint, contact_id, looks_like_contact_id, normalised
from ventanilla.contracts.channel import Channel

KEY = b"k" * 32
TOKEN_KEY = "t" * 32


@pytest.mark.parametrize("spelling", ["50371234567", "+503 7123-4567", "+50371234567", "(503) 7123 4567"])
def test_one_number_in_many_spellings_is_one_contact(spelling: str) -> None:
    assert contact_id(KEY, Channel.WHATSAPP, "1", spelling) == contact_id(
        KEY, Channel.WHATSAPP, "1", "50371234567"
    )


def test_a_user_id_keeps_its_spelling() -> None:
    assert normalised(Channel.WHATSAPP, "SV.1234") == "SV.1234"


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_pseudonym_depends_on_account_and_key_and_shows_nothing(account: str, address: str) -> None:
    ours = contact_id(KEY, Channel.WHATSAPP, account, address)
    assert looks_like_contact_id(ours)
    assert ours != contact_id(KEY, Channel.WHATSAPP, account + "x", address)
    assert ours != contact_id(b"z" * 32, Channel.WHATSAPP, account, address)


def test_a_hint_shows_four_characters() -> None:
    assert address_hint("50371234567") == "…4567"


def test_a_token_carries_role_and_areas() -> None:
    principal = read_token(TOKEN_KEY, issue_token(TOKEN_KEY, "ana", Role.AGENT, frozenset({"rprh"})))
    assert (principal.subject, principal.role, principal.areas) == (
        "ana",
        Role.AGENT,
        frozenset({"rprh"}),
    )


def test_a_token_of_another_key_or_an_old_one_is_refused() -> None:
    with pytest.raises(InvalidTokenError):
        read_token("u" * 32, issue_token(TOKEN_KEY, "ana", Role.ADMIN))
    with pytest.raises(InvalidTokenError):
        read_token(TOKEN_KEY, issue_token(TOKEN_KEY, "ana", Role.ADMIN, valid=timedelta(seconds=-5)))


@given(st.text())
def test_garbage_is_no_token(text: str) -> None:
    with pytest.raises(InvalidTokenError):
        read_token(TOKEN_KEY, text)
