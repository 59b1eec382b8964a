"""The accounts that a desk begins with."""

from collections.abc import Iterator

from pydantic import SecretStr

from agent_gateway.desk import Desk
from agent_gateway.settings import DeskSettings
from agent_gateway.store.accounts import Account, UsernameTakenError
from ventanilla.access import Role
from ventanilla.clock import utc_now
from ventanilla.observability import logger

log = logger(__name__)

ADMIN = "admin"


async def make_first_accounts(desk: Desk, settings: DeskSettings) -> None:
    """An administrator where there is no account at all; the sandbox's people where they are missing.

    Replicas may do it at once. Raises `StoreError`.
    """
    admin, demo = _value(settings.admin_password), _value(settings.demo_password)
    if not await desk.accounts.any():
        if admin:
            password_hash = await desk.passwords.hash(admin)
            await _make(desk, ADMIN, password_hash, Role.ADMIN, [], desk.texts.accounts.admin)
        else:
            log.warning("no_accounts", fix="set VENTANILLA_ADMIN_PASSWORD and start again")
    if demo:
        there = {account.username for account in await desk.accounts.all()}
        missing = [one for one in _sandbox_people(desk) if one[0] not in there]
        password_hash = await desk.passwords.hash(demo) if missing else ""
        for username, role, areas, name in missing:
            await _make(desk, username, password_hash, role, areas, name)


def _value(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def _sandbox_people(desk: Desk) -> Iterator[tuple[str, Role, list[str], str]]:
    institution, names = desk.institution, desk.texts.accounts
    for area_id, area in institution.areas.items():
        name = names.agent.format(place=area.short_name or area.name)
        yield f"agente.{area_id}", Role.AGENT, [area_id], name
    for queue_id, queue in institution.queues.items():
        if queue.area is None:
            yield f"agente.{queue_id}", Role.AGENT, [queue_id], names.agent.format(place=queue.name)
    yield "supervisora", Role.SUPERVISOR, [], names.supervisor
    yield "finanzas", Role.FINANCE, [], names.finance


async def _make(
    desk: Desk, username: str, password_hash: str, role: Role, areas: list[str], name: str
) -> None:
    account = Account(
        username=username,
        password_hash=password_hash,
        role=role,
        areas=frozenset(areas),
        display_name=name,
        capacity=None,
        disabled=False,
        created_at=utc_now(),
    )
    try:
        await desk.accounts.create(account)
    except UsernameTakenError:
        return  # another replica was faster
    log.info("account_made", username=username, role=role)
