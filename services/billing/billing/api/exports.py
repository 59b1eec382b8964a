"""A month's sessions as files. Only of a month that has closed do two exports say the same for ever."""

import io
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from billing.api.asking import Month
from billing.domain.sessions import LENGTH
from billing.proof.digest import LedgerLine
from billing.proof.sheet import row, title
from billing.store import Sessions
from billing.store.lines import month_lines
from ventanilla.access import Role, require


def export_routes(*, token_key: str, sessions: Sessions) -> APIRouter:
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
        pages = month_lines(sessions, month)
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
        lines = [line async for page in month_lines(sessions, month) for line in page]
        try:
            content = await run_in_threadpool(_parquet, lines)
        except ImportError:
            raise HTTPException(
                501, "Parquet needs pyarrow: install ventanilla-billing[parquet], or take sessions.csv"
            ) from None
        return Response(
            content, media_type="application/vnd.apache.parquet", headers=_named(f"sessions-{month}.parquet")
        )

    return router


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
