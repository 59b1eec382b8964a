"""Does it add up: every status received has one outcome, by our count and by the broker's."""

from collections.abc import Sequence

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from billing.accounting import Accountant
from billing.domain.accounting import Account, Accounting
from ventanilla.access import Role, require


class AccountItem(BaseModel):
    """received = counted + duplicate + excluded + quarantined + moved."""

    channel: str
    account: str
    received: int
    counted: int
    duplicate: dict[str, int]
    """By reason; docs/metering.md says what each is."""
    excluded: dict[str, int]
    quarantined: dict[str, int]
    moved: int
    """Passed on to another id of the same person, whose meter counted them."""
    adds_up: bool


class TopicItem(BaseModel):
    """What Kafka says of `channel.message.status.v1`, which knows nothing of our count."""

    done: int
    """Records that the meter is done with, since it began."""
    dead_letters: int
    """Of those, what could not be read."""
    waiting: int
    """Records that it has not come to."""
    working: bool
    """Whether it was at work just now: then Kafka's figures are a moment behind."""


class AccountingAnswer(BaseModel):
    adds_up: bool
    unaccounted: int
    """Statuses that do not add up, in either count; also `ventanilla_billing_unaccounted_statuses`."""
    received: int
    counted: int
    duplicate: int
    excluded: int
    quarantined: int
    moved: int
    topic: TopicItem
    accounts: list[AccountItem]


def accounting_routes(*, token_key: str, accountant: Accountant) -> APIRouter:
    """The route; it needs the role supervisor, finance or admin."""
    router = APIRouter(
        prefix="/v1",
        tags=["accounting"],
        dependencies=[Depends(require(token_key, Role.SUPERVISOR, Role.FINANCE, Role.ADMIN))],
    )

    @router.get("/accounting", summary="Where every status went, and whether it adds up")
    async def now() -> AccountingAnswer:
        return _answer(await accountant.look())

    return router


def _answer(found: Accounting) -> AccountingAnswer:
    return AccountingAnswer(
        adds_up=found.unaccounted == 0,
        unaccounted=found.unaccounted,
        received=found.received,
        counted=_sum(found.accounts, "counted"),
        duplicate=_sum(found.accounts, "duplicate"),
        excluded=_sum(found.accounts, "excluded"),
        quarantined=_sum(found.accounts, "quarantined"),
        moved=_sum(found.accounts, "moved"),
        topic=TopicItem(
            done=found.handed.done,
            dead_letters=found.handed.dead_letters,
            waiting=found.handed.waiting,
            working=found.handed.moving or found.handed.waiting > 0,
        ),
        accounts=[
            AccountItem(
                channel=one.channel,
                account=one.account,
                received=one.received,
                counted=one.of("counted"),
                duplicate=one.reasons("duplicate"),
                excluded=one.reasons("excluded"),
                quarantined=one.reasons("quarantined"),
                moved=one.of("moved"),
                adds_up=one.unexplained == 0,
            )
            for one in found.accounts
        ],
    )


def _sum(accounts: Sequence[Account], outcome: str) -> int:
    return sum(one.of(outcome) for one in accounts)
