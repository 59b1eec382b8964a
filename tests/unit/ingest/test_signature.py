"""Only who knows the app secret is believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.channels.whatsapp.signature import same_secret, signature, signed_by

SECRET = b"an app secret of the right length"


def test_a_genuine_signature_is_accepted_in_either_case() -> None:
    header = signature(SECRET, b"{}")
    assert signed_by(SECRET, b"{}", header.encode())
    assert signed_by(SECRET, b"{}", ("sha256=" + header[7:].upper()).encode())


@pytest.mark.parametrize(
    "header",
    [None, b"", b"sha256=", b"sha256=zz", b"sha1=" + b"0" * 64, b"sha256=" + b"0" * 64, b"sha256=\xff" * 9],
)
def test_anything_else_is_not(header: bytes | None) -> None:
    assert not signed_by(SECRET, b"{}", header)


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_a_signature_is_of_one_body_and_one_secret(body: bytes, other: bytes) -> None:
    header = signature(SECRET, body).encode()
    assert signed_by(SECRET, other, header) == (body == other)
    assert not signed_by(SECRET + b"x", body, header)


def test_a_verify_token_may_hold_any_sign() -> None:
    assert same_secret("clave-ñ", "clave-ñ")
    assert not same_secret("clave-ñ", "clave-n")
