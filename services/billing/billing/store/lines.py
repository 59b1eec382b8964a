"""A month's ledger as statements and exports show it."""

from collections.abc import AsyncIterator

from billing.proof.digest import LedgerLine, digest
from billing.store.sessions import Sessions
from ventanilla.contracts.billing import StatementLine
from ventanilla.contracts.channel import Channel
from ventanilla.moments import read

_PAGE = 1_000


async def month_lines(sessions: Sessions, month: str) -> AsyncIterator[list[LedgerLine]]:
    """In order of opening; at least one page, which may be empty. Raises `StoreError`."""
    after: tuple[int, str] | None = None
    while True:
        found = await sessions.page(month=month, contacts=None, accounts=None, after=after, limit=_PAGE)
        yield [
            LedgerLine(
                month, one["channel"], one["account"], one["contact_id"], read(one["opened_at"]),
                one["messages"],
            )
            for one in found
        ]  # fmt: skip
        if len(found) < _PAGE:
            return
        after = found[-1]["opened_at"], found[-1]["_id"]


async def account_lines(sessions: Sessions, month: str) -> list[StatementLine]:
    """Each account that has sessions in `month`, rehearsals too. Raises `StoreError`."""
    accounts: dict[tuple[str, str], list[LedgerLine]] = {}
    async for page in month_lines(sessions, month):
        for line in page:
            accounts.setdefault((line.channel, line.account), []).append(line)
    return [
        StatementLine(
            channel=Channel(channel),
            account=account,
            sessions=len(lines),
            messages=sum(line.messages for line in lines),
            digest=digest(month, channel, account, lines),
        )
        for (channel, account), lines in sorted(accounts.items())
    ]
