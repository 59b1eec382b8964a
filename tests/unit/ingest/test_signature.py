"""Only who knows the app secret is believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.channels.whatsapp.signature import digest_of, keyed, same_secret, signature, signed_by

SECRET = b"an app secret of the right length"


def believed(secret: bytes, body: bytes, header: bytes) -> bool:
    digest = digest_of(header)
    return digest is not None and signed_by(keyed(secret), body, digest)


def test_a_genuine_signature_is_accepted_in_either_case() -> None:
    header = signature(SECRET, b"{}")
    assert believed(SECRET, b"{}", header.encode())
    assert believed(SECRET, b"{}", ("sha256=" + header[7:].upper()).encode())


@pytest.mark.parametrize(
    "header",
    [b"", b"sha256=", b"sha256=zz", b"sha1=" + b"0" * 64, b"sha256=" + b"0" * 64, b"sha256=\xff" * 9],
)
def test_anything_else_is_not(header: bytes) -> None:
    assert not believed(SECRET, b"{}", header)


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_a_signature_is_of_one_body_and_one_secret(body: bytes, other: bytes) -> None:
    header = signature(SECRET, body).encode()
    assert believed(SECRET, other, header) == (body == other)
    assert not believed(SECRET + b"x", body, header)


def test_a_verify_token_may_hold_any_sign() -> None:
    assert same_secret("clave-ñ", "clave-ñ")
    assert not same_secret("clave-ñ", "clave-n")
