"""A month's sessions as files, and its statement with the digest that an auditor works out again.

Only of a month that has settled do two exports say the same for ever.
"""

import io
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from billing.domain.sessions import LENGTH
from billing.proof.digest import LedgerLine, digest
from billing.proof.sheet import row, title
from billing.store import Sessions
from ventanilla.access import Role, require
from ventanilla.clock import utc_now
from ventanilla.institution import Institution
from ventanilla.moments import read

Month = Annotated[
    str,
    Query(
        pattern=r"^(19|2[0-9])[0-9]{2}-(0[1-9]|1[0-2])$",
        description="YYYY-MM by the institution's calendar",
    ),
]
_PAGE = 1_000


class AccountStatement(BaseModel):
    channel: str
    account: str
    sessions: int
    messages: int
    digest: str
    """SHA-256; docs/metering.md says of which text."""


class Statement(BaseModel):
    month: str
    settled: bool
    """Whether the settling time has passed: then a late status makes an adjustment and changes no line."""
    accounts: list[AccountStatement]


def export_routes(*, token_key: str, institution: Institution, sessions: Sessions) -> APIRouter:
    """The routes; every one needs the role supervisor, finance or admin."""
    router = APIRouter(
        prefix="/v1",
        tags=["export"],
        dependencies=[Depends(require(token_key, Role.SUPERVISOR, Role.FINANCE, Role.ADMIN))],
    )

    @router.get(
        "/sessions.csv",
        summary="A month's sessions, every account's, as CSV",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/csv": {}}}},
    )
    async def as_csv(month: Month) -> StreamingResponse:
        pages = _pages(sessions, month)
        first = await anext(
            pages
        )  # here and not in the stream: a store that fails is an error, not half a file

        async def text() -> AsyncIterator[str]:
            yield title() + "".join(map(row, first))
            async for page in pages:
                yield "".join(map(row, page))

        return StreamingResponse(text(), media_type="text/csv", headers=_named(f"sessions-{month}.csv"))

    @router.get(
        "/sessions.parquet",
        summary="The same as Parquet",
        response_class=Response,
        responses={200: {"content": {"application/vnd.apache.parquet": {}}}, 501: {}},
    )
    async def as_parquet(month: Month) -> Response:
        lines = [line async for page in _pages(sessions, month) for line in page]
        try:
            content = await run_in_threadpool(_parquet, lines)
        except ImportError:
            raise HTTPException(
                501, "Parquet needs pyarrow: install ventanilla-billing[parquet], or take sessions.csv"
            ) from None
        return Response(
            content, media_type="application/vnd.apache.parquet", headers=_named(f"sessions-{month}.parquet")
        )

    @router.get("/statement", summary="A month's sessions by account, with the digest of each")
    async def statement(month: Month) -> Statement:
        accounts: dict[tuple[str, str], list[LedgerLine]] = {}
        async for page in _pages(sessions, month):
            for line in page:
                accounts.setdefault((line.channel, line.account), []).append(line)
        return Statement(
            month=month,
            settled=_settled(institution, month),
            accounts=[
                AccountStatement(
                    channel=channel,
                    account=account,
                    sessions=len(lines),
                    messages=sum(line.messages for line in lines),
                    digest=digest(month, channel, account, lines),
                )
                for (channel, account), lines in sorted(accounts.items())
            ],
        )

    return router


async def _pages(sessions: Sessions, month: str) -> AsyncIterator[list[LedgerLine]]:
    """In order of opening; at least one page, which may be empty."""
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


def _settled(institution: Institution, month: str) -> bool:
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]), 12)
    if not 0 < year < 9999:
        return False
    ends = datetime(year, number + 1, 1, tzinfo=institution.zone)
    return utc_now() >= ends + LENGTH + institution.metering.settling


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}


def _parquet(lines: list[LedgerLine]) -> bytes:
    import pyarrow
    from pyarrow.parquet import write_table

    moments = pyarrow.timestamp("us", tz="UTC")
    columns: dict[str, Any] = {
        "month": pyarrow.array([line.month for line in lines], pyarrow.string()),
        "channel": pyarrow.array([line.channel for line in lines], pyarrow.string()),
        "account": pyarrow.array([line.account for line in lines], pyarrow.string()),
        "contact": pyarrow.array([line.contact for line in lines], pyarrow.string()),
        "opened_at": pyarrow.array([line.opened_at for line in lines], moments),
        "closes_at": pyarrow.array([line.opened_at + LENGTH for line in lines], moments),
        "messages": pyarrow.array([line.messages for line in lines], pyarrow.int64()),
    }
    file = io.BytesIO()
    write_table(pyarrow.table(columns), file)
    return file.getvalue()
