"""Bearer tokens for the HTTP APIs, and the roles that they carry."""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import jwt
from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

from ventanilla.clock import utc_now

_ALGORITHM = "HS256"
_AUDIENCE = "ventanilla"


class Role(StrEnum):
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    FINANCE = "finance"
    ADMIN = "admin"


class Principal(BaseModel):
    """Who calls: a person or a script. `areas` empty means every area for supervisors, finance and admins."""

    subject: str
    role: Role
    areas: frozenset[str] = frozenset()


class InvalidTokenError(Exception):
    """The token is not ours, was changed, or has run out."""


def issue_token(
    key: str,
    subject: str,
    role: Role,
    areas: frozenset[str] = frozenset(),
    valid: timedelta = timedelta(hours=12),
) -> str:
    """A signed token that `read_token` accepts until it runs out."""
    now = utc_now()
    claims = {
        "sub": subject, "role": role.value, "areas": sorted(areas),
        "aud": _AUDIENCE, "iat": now, "exp": now + valid,
    }  # fmt: skip
    return jwt.encode(claims, key, algorithm=_ALGORITHM)


def read_token(key: str, token: str) -> Principal:
    """Raises `InvalidTokenError`; the message says nothing of the token itself."""
    try:
        claims = jwt.decode(
            token, key, algorithms=[_ALGORITHM], audience=_AUDIENCE, options={"require": ["exp", "sub"]}
        )
        return Principal(subject=claims["sub"], role=claims["role"], areas=claims.get("areas", ()))
    except (jwt.PyJWTError, KeyError, ValueError) as error:
        raise InvalidTokenError(type(error).__name__) from None


_bearer = HTTPBearer(auto_error=False, description="`ventanilla token --role ROLE` prints one")


def require(key: str, *roles: Role) -> Callable[..., Principal]:
    """A FastAPI dependency: 401 without a valid token, 403 when its role is none of `roles`."""

    def principal(
        request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> Principal:
        if credentials is None:
            raise HTTPException(401, "A bearer token is required", {"WWW-Authenticate": "Bearer"})
        try:
            caller = read_token(key, credentials.credentials)
        except InvalidTokenError:
            raise HTTPException(401, "The token is not valid", {"WWW-Authenticate": "Bearer"}) from None
        if caller.role not in roles:
            raise HTTPException(403, f"This needs the role {' or '.join(roles)}")
        request.state.principal = caller
        return caller

    return principal
