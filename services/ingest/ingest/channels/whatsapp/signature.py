"""Whether a webhook comes from who knows our secrets. Pure; comparisons take constant time."""

import hmac
import re

_HEADER = re.compile(rb"sha256=([0-9a-fA-F]{64})")


def signature(secret: bytes, body: bytes) -> str:
    """The value of `X-Hub-Signature-256` for a raw body."""
    return f"sha256={hmac.digest(secret, body, 'sha256').hex()}"


def digest_of(header: bytes) -> bytes | None:
    """What a header claims, or None for one that cannot be a signature at all."""
    match = _HEADER.fullmatch(header)
    return None if match is None else match[1].lower()


def keyed(secret: bytes) -> hmac.HMAC:
    """A secret made ready to verify with: half of the work, and the same for every body."""
    return hmac.new(secret, digestmod="sha256")


def signed_by(key: hmac.HMAC, body: bytes, digest: bytes) -> bool:
    """Whether `digest`, from the header, is the signature of the raw, unparsed body. `key` stays as it is."""
    made = key.copy()
    made.update(body)
    return hmac.compare_digest(made.hexdigest().encode(), digest)


def same_secret(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode())
