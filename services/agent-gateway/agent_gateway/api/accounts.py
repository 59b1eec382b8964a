"""The desk's accounts, for administrators."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, StringConstraints

from agent_gateway.api.gate import SCHEMES, Gate, json_only
from agent_gateway.api.problems import Problem, answers
from agent_gateway.desk import Desk
from agent_gateway.domain import walls
from agent_gateway.domain.viewer import EVERYWHERE, Viewer
from agent_gateway.store.accounts import Account, UsernameTakenError
from ventanilla.access import Role
from ventanilla.clock import utc_now
from ventanilla.observability import logger

log = logger(__name__)

Password = Annotated[str, StringConstraints(min_length=12, max_length=200)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Capacity = Annotated[int, Field(ge=0, le=100)]


class AccountView(BaseModel):
    username: str
    role: Role
    areas: list[str]
    display_name: str
    capacity: int | None = Field(description="Null: as the institution's file says.")
    disabled: bool
    created_at: datetime


class AccountsView(BaseModel):
    items: list[AccountView]


class NewAccount(BaseModel):
    username: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,59}$")
    password: Password
    role: Role
    areas: list[str] = Field([], description="Walls; `GET /v1/institution` names them. `*`: all.")
    display_name: Name = Field(description="Citizens read it when the agent takes their conversation.")
    capacity: Capacity | None = None


class AccountChanges(BaseModel):
    """What is absent stays."""

    password: Password | None = None
    role: Role | None = None
    areas: list[str] | None = None
    display_name: Name | None = None
    capacity: Capacity | None = None
    disabled: bool | None = None


def account_routes(desk: Desk, gate: Gate) -> APIRouter:
    routes = APIRouter(
        prefix="/v1/accounts",
        tags=["accounts"],
        dependencies=[*SCHEMES, Depends(json_only)],
        responses=answers(401, 403),
    )
    Admin = Annotated[Viewer, Depends(gate.admin)]  # noqa: N806 - a type

    @routes.get("")
    async def accounts(_: Admin) -> AccountsView:
        """All of them, by name."""
        return AccountsView(items=[_view(account) for account in await desk.accounts.all()])

    @routes.post("", status_code=201, responses=answers(409, 422))
    async def create(new: NewAccount, admin: Admin) -> AccountView:
        """A new account."""
        _check(desk, new.areas)
        account = Account(
            username=new.username,
            password_hash=await desk.passwords.hash(new.password),
            role=new.role,
            areas=frozenset(new.areas),
            display_name=new.display_name,
            capacity=new.capacity,
            disabled=False,
            created_at=utc_now(),
        )
        try:
            await desk.accounts.create(account)
        except UsernameTakenError:
            raise Problem(409, "username_taken") from None
        log.info("account_made", username=new.username, role=new.role, by=admin.id)
        return _view(account)

    @routes.patch("/{username}", responses=answers(404, 409, 422))
    async def change(username: str, wanted: AccountChanges, admin: Admin) -> AccountView:
        """Change one. Its sessions end when it is disabled or gets another password."""
        before = await desk.accounts.get(username)
        if before is None:
            raise Problem(404, "not_found")
        changes = wanted.model_dump(exclude_unset=True)
        changes = {name: value for name, value in changes.items() if value is not None or name == "capacity"}
        _check(desk, changes.get("areas", []))
        await _keep_an_admin(desk, before, wanted)
        if wanted.password is not None:
            changes["password_hash"] = await desk.passwords.hash(changes.pop("password"))
        if wanted.areas is not None:
            changes["areas"] = sorted(set(wanted.areas))
        changed = await desk.accounts.change(username, changes)
        if changed is None:
            raise Problem(404, "not_found")
        if changed.disabled or wanted.password is not None:
            await desk.sessions.end_all(username)
        log.info("account_changed", username=username, fields=sorted(wanted.model_fields_set), by=admin.id)
        return _view(changed)

    return routes


def _check(desk: Desk, areas: list[str]) -> None:
    """Raises `Problem` 422."""
    if not set(areas) <= {EVERYWHERE, *walls.walls(desk.institution)}:
        raise Problem(422, "unknown_area")


async def _keep_an_admin(desk: Desk, before: Account, wanted: AccountChanges) -> None:
    """Nobody locks everybody out. Raises `Problem` 409."""
    goes = wanted.disabled or (wanted.role is not None and wanted.role is not Role.ADMIN)
    if before.role is not Role.ADMIN or before.disabled or not goes:
        return
    others = [one for one in await desk.accounts.all() if one.username != before.username]
    if not any(one.role is Role.ADMIN and not one.disabled for one in others):
        raise Problem(409, "last_admin")


def _view(account: Account) -> AccountView:
    return AccountView(
        username=account.username,
        role=account.role,
        areas=sorted(account.areas),
        display_name=account.display_name,
        capacity=account.capacity,
        disabled=account.disabled,
        created_at=account.created_at,
    )
