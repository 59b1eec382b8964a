"""Who calls: a person with a session cookie, or a script with a bearer token."""

from fastapi import Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.requests import HTTPConnection

from agent_gateway.api.problems import Problem
from agent_gateway.desk import Desk
from agent_gateway.domain.viewer import DESK_ROLES, Viewer
from agent_gateway.store.accounts import Account
from ventanilla.access import InvalidTokenError, Role, read_token
from ventanilla.clock import utc_now

COOKIE = "__Host-ventanilla"
"""The prefix makes browsers refuse it without Secure, with a Domain, or from another path. On
http://127.0.0.1 Chromium and Firefox accept it: they count the loopback as secure."""

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_NO_DEEDS = frozenset({"/v1/presence"})
"""The page says by itself that somebody is there; only deeds of the person prolong a session."""

SCHEMES = [
    Security(HTTPBearer(auto_error=False, description="`ventanilla token --role ROLE` prints one")),
    Security(APIKeyCookie(name=COOKIE, auto_error=False, description="`POST /v1/session` sets it")),
]
"""For OpenAPI: how a caller may identify himself. The gate reads them itself."""


def same_origin(connection: HTTPConnection) -> bool:
    """Whether a page of this very host sends it. Browsers set these headers; scripts cannot change them.

    Hosts are compared, not schemes: before a proxy that ends TLS the scheme is not known here.
    """
    site = connection.headers.get("sec-fetch-site")
    if site not in (None, "same-origin", "none"):
        return False
    origin, host = connection.headers.get("origin"), connection.headers.get("host")
    return origin is not None and host is not None and origin.partition("://")[2] == host


def viewer_of(account: Account, default_capacity: int) -> Viewer:
    return Viewer(
        account.username, account.display_name, account.role, account.areas,
        default_capacity if account.capacity is None else account.capacity,
    )  # fmt: skip


class Gate:
    """Lets a caller of the desk in, or raises `Problem` 401 or 403."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def person(self, connection: HTTPConnection, *, deed: bool) -> Viewer | None:
        """By the session cookie. None: no session, or it has ended."""
        token = connection.cookies.get(COOKIE)
        username = token and await self._desk.sessions.username(token, utc_now(), deed=deed)
        account = await self._desk.accounts.get(username) if username else None
        if account is None or account.disabled:
            return None
        return viewer_of(account, self._desk.institution.conversation.agent_capacity)

    def script(self, connection: HTTPConnection) -> Viewer | None:
        """By a bearer token. None: there is none. Raises `Problem`."""
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            principal = read_token(self._desk.token_key, token.strip())
        except InvalidTokenError:
            raise Problem(401, "login_required", {"WWW-Authenticate": "Bearer"}) from None
        if principal.role not in DESK_ROLES:
            raise Problem(403, "forbidden")
        capacity = self._desk.institution.conversation.agent_capacity
        return Viewer(principal.subject, principal.subject, principal.role, principal.areas, capacity)

    async def __call__(self, request: Request) -> Viewer:
        """The dependency of every route that needs somebody who works at the desk."""
        viewer = await self.signed_in(request)
        if not viewer.works_at_the_desk:
            raise Problem(403, "forbidden")
        return viewer

    async def signed_in(self, request: Request) -> Viewer:
        """Whoever has an account, or a token for the desk."""
        return self.script(request) or await self.in_person(request)

    async def in_person(self, request: Request) -> Viewer:
        """By the session cookie alone: no token makes another."""
        unsafe = request.method not in _SAFE_METHODS
        if unsafe and not same_origin(request):
            raise Problem(403, "foreign_origin")
        person = await self.person(request, deed=unsafe and request.url.path not in _NO_DEEDS)
        if person is None:
            raise Problem(401, "login_required")
        return person

    async def admin(self, request: Request) -> Viewer:
        viewer = await self(request)
        if viewer.role is not Role.ADMIN:
            raise Problem(403, "forbidden")
        return viewer


def json_only(request: Request) -> None:
    """A form on another site can send many types, JSON is not among them."""
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method not in _SAFE_METHODS and has_body and kind != "application/json":
        raise Problem(415, "json_only")
