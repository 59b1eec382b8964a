"""Logging in and out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from agent_gateway import metrics
from agent_gateway.api.gate import COOKIE, Gate, json_only, same_origin, viewer_of
from agent_gateway.api.problems import Problem, answers
from agent_gateway.desk import Desk
from agent_gateway.domain import sessions, throttle
from agent_gateway.domain.viewer import Viewer
from agent_gateway.store.accounts import Account
from ventanilla.access import Role
from ventanilla.clock import utc_now
from ventanilla.observability import logger

log = logger(__name__)


class Credentials(BaseModel):
    username: str = Field(min_length=1, max_length=100)
    password: str = Field(min_length=1, max_length=200)


class SessionView(BaseModel):
    id: str
    name: str
    role: Role
    areas: list[str] = Field(
        description="Walls that the viewer sees behind. `*`, or none for others than agents: all."
    )
    capacity: int
    finance: bool = Field(description="Whether `POST /v1/session/finance` leads to the finance page.")


def session_routes(desk: Desk, gate: Gate, *, finance_page: bool) -> APIRouter:
    """`finance_page`: whether there is one."""
    routes = APIRouter(prefix="/v1/session", tags=["session"], dependencies=[Depends(json_only)])

    @routes.post("", responses=answers(401, 403, 415, 429))
    async def log_in(credentials: Credentials, request: Request, response: Response) -> SessionView:
        """Sets the session cookie. The answer takes as long for a name that nobody has."""
        if "origin" in request.headers and not same_origin(request):
            raise Problem(403, "foreign_origin")
        account = await _check(desk, credentials, request.client.host if request.client else "unknown")
        token = await desk.sessions.open(account.username, utc_now())
        response.set_cookie(
            COOKIE, token, max_age=int(sessions.ABSOLUTE.total_seconds()), path="/",
            secure=True, httponly=True, samesite="strict",
        )  # fmt: skip
        metrics.LOGINS.labels("accepted").inc()
        log.info("logged_in", username=account.username)
        return session_view(viewer_of(account, desk.institution.conversation.agent_capacity))

    @routes.get("", responses=answers(401))
    async def whoami(viewer: Annotated[Viewer, Depends(gate.signed_in)]) -> SessionView:
        """Who the caller is."""
        return session_view(viewer)

    @routes.delete("", status_code=204, responses=answers(401, 403))
    async def log_out(
        request: Request, response: Response, viewer: Annotated[Viewer, Depends(gate.signed_in)]
    ) -> None:
        """Ends this session, here and in the store."""
        await desk.sessions.end(request.cookies.get(COOKIE, ""))
        await desk.presences.leave(viewer.id)
        response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")

    def session_view(viewer: Viewer) -> SessionView:
        return SessionView(
            id=viewer.id,
            name=viewer.name,
            role=viewer.role,
            areas=sorted(viewer.areas),
            capacity=viewer.capacity,
            finance=finance_page and viewer.may_read_finances,
        )

    return routes


async def _check(desk: Desk, credentials: Credentials, address: str) -> Account:
    """The account whose password it is. Raises `Problem` 401 or 429."""
    username = credentials.username.strip().lower()
    now = utc_now()
    by_account = throttle.bucket("account", username, now)
    by_address = throttle.bucket("address", address, now)
    for bucket in (by_address, by_account):
        if throttle.refused(bucket, await desk.attempts.count(bucket)):
            metrics.LOGINS.labels("throttled").inc()
            log.warning("login_throttled", by=bucket.id.partition(":")[0])
            wait = bucket.retry_after(now)
            raise Problem(429, "too_many_attempts", {"Retry-After": str(wait)}, retry_after=wait)
    account = await desk.accounts.get(username)
    known = None if account is None else account.password_hash
    right = await desk.passwords.check(credentials.password, known)
    if account is None or account.disabled or not right:
        metrics.LOGINS.labels("refused").inc()
        log.warning("login_refused")  # without the name: people type their password there
        raise Problem(401, "bad_credentials")
    await desk.attempts.forget(by_account)
    await desk.attempts.give_back(by_address)
    if desk.passwords.outdated(account.password_hash):
        renewed = await desk.passwords.hash(credentials.password)
        await desk.accounts.change(username, {"password_hash": renewed})
    return account
