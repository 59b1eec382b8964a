"""Who a visitor is: nobody we know by name, but the same one as yesterday.

At the first connection the server makes up a visitor id and signs it for one account; the browser keeps the
token. It proves that the id was given by us and to this browser, and says nothing about a person. Pure: the
clock is the caller's.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt

_ALGORITHM = "HS256"
_AUDIENCE = "ventanilla-webchat"

VALID = timedelta(days=180)
"""Since the last connection: each `welcome` has a fresh token, so only who stays away loses the thread."""


@dataclass(frozen=True)
class Visitor:
    """`id` is unique among all visitors, for good; `account` is ours (the `data-account` of the widget)."""

    account: str
    id: str


class BadTokenError(Exception):
    """Forged, changed, run out, or given for another account. The message never holds the token."""


def new_visitor(account: str) -> Visitor:
    """A visitor whom nobody has seen before."""
    return Visitor(account, uuid.uuid4().hex)


def issue(key: str, visitor: Visitor, now: datetime) -> str:
    """A token that `read` accepts for `VALID` from `now` (aware)."""
    claims = {
        "sub": visitor.id,
        "acc": visitor.account,
        "aud": _AUDIENCE,
        "exp": int((now + VALID).timestamp()),
    }
    return jwt.encode(claims, key, algorithm=_ALGORITHM)


def read(key: str, account: str, token: str, now: datetime) -> Visitor:
    """The visitor that we gave `token` to. Raises `BadTokenError`."""
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            options={"verify_exp": False, "require": ["sub", "acc", "exp"]},
        )
        expires = datetime.fromtimestamp(claims["exp"], UTC)
    except (jwt.PyJWTError, TypeError, ValueError, OverflowError) as error:
        raise BadTokenError(type(error).__name__) from None
    if expires <= now:
        raise BadTokenError("expired")
    if claims["acc"] != account:
        raise BadTokenError("another account")
    return Visitor(account, claims["sub"])
