"""Whether a webhook comes from who knows our secrets. Pure; comparisons take constant time."""

import hmac
import re

_HEADER = re.compile(rb"sha256=([0-9a-fA-F]{64})")


def signature(secret: bytes, body: bytes) -> str:
    """The value of `X-Hub-Signature-256` for a raw body."""
    return f"sha256={hmac.digest(secret, body, 'sha256').hex()}"


def is_signature(header: bytes) -> bool:
    """Whether it could be one at all."""
    return _HEADER.fullmatch(header) is not None


def signed_by(secret: bytes, body: bytes, header: bytes | None) -> bool:
    """Whether `header` is the signature of the raw, unparsed body. False for a missing or malformed one."""
    match = _HEADER.fullmatch(header or b"")
    if match is None:
        return False
    expected = hmac.digest(secret, body, "sha256").hex().encode()
    return hmac.compare_digest(expected, match[1].lower())


def same_secret(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode())
