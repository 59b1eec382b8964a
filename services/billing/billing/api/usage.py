"""A month's usage by day, area, queue and channel, each with its share of the cost. For finance."""

import csv
import io
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from billing.allotments import live_accounts
from billing.domain.attribution import Cell, Tally, cost_by_cell, summed
from billing.domain.balance import balance
from billing.plans.models import Unit
from billing.plans.pricing import Used
from billing.plans.terms import Terms
from billing.store import Sessions
from ventanilla.access import Role, require
from ventanilla.clock import utc_now
from ventanilla.contracts.channel import Channel
from ventanilla.institution import Institution

K = TypeVar("K", bound=Hashable)

Month = Annotated[
    str | None,
    Query(
        pattern=r"^(19|2[0-9])[0-9]{2}-(0[1-9]|1[0-2])$",
        description="YYYY-MM by the institution's calendar; without it the current month",
    ),
]
OneChannel = Annotated[Channel | None, Query(description="Without it every channel")]


class Usage(BaseModel):
    sessions: int
    messages: int
    cost: str = Field(description="Of the month's cost, shared out by sessions; parts sum up to the cent.")


class DayUsage(Usage):
    day: str


class AreaUsage(Usage):
    area: str | None = Field(description="Null: not known to which it belongs.")
    name: str | None


class QueueUsage(Usage):
    queue: str | None = Field(description="Null: it never was in a queue, or that is not known.")
    name: str | None


class ChannelUsage(Usage):
    """`cost` is the channel's whole cost, also where no session bears it."""

    channel: Channel


class Part(Usage):
    day: str
    channel: Channel
    account: str
    area: str | None
    queue: str | None


class UsageAnswer(Usage):
    """Every list sums up to the figures at the top; their `cost` is what the sessions bear."""

    month: str
    unshared: str = Field(description="Cost of channels without a session: nobody's share.")
    days: list[DayUsage]
    areas: list[AreaUsage]
    queues: list[QueueUsage]
    channels: list[ChannelUsage]
    parts: list[Part] = Field(description="The finest: day x channel x account x area x queue.")


@dataclass(frozen=True, slots=True)
class _Month:
    cells: dict[Cell, Tally]
    costs: dict[Cell, Decimal]
    channels: dict[Channel, Decimal]


def usage_routes(*, token_key: str, institution: Institution, terms: Terms, sessions: Sessions) -> APIRouter:
    """The routes; every one needs the role supervisor, finance or admin. Rehearsals are left out."""
    router = APIRouter(
        prefix="/v1",
        tags=["usage"],
        dependencies=[Depends(require(token_key, Role.SUPERVISOR, Role.FINANCE, Role.ADMIN))],
    )

    @router.get("/usage", summary="A month's sessions, messages and cost by day, area, queue and channel")
    async def usage(month: Month = None, channel: OneChannel = None) -> UsageAnswer:
        asked = month or this_month()
        found = await used(asked, channel)
        total = _usage(summed(found.cells.values()), sum(found.costs.values(), Decimal("0.00")))
        unshared = sum(found.channels.values(), Decimal("0.00")) - Decimal(total.cost)
        areas = institution.areas
        queues = institution.queues
        return UsageAnswer(
            month=asked,
            sessions=total.sessions,
            messages=total.messages,
            cost=total.cost,
            unshared=str(unshared),
            days=[
                DayUsage(day=day, **of.model_dump()) for day, of in _by(found, lambda cell: cell.day).items()
            ],
            areas=[
                AreaUsage(area=key, name=areas[key].name if key in areas else key, **of.model_dump())
                for key, of in _by(found, lambda cell: cell.area).items()
            ],
            queues=[
                QueueUsage(queue=key, name=queues[key].name if key in queues else key, **of.model_dump())
                for key, of in _by(found, lambda cell: cell.queue).items()
            ],
            channels=[
                ChannelUsage(
                    channel=one,
                    cost=str(cost),
                    **_tally(found, one).model_dump(include={"sessions", "messages"}),
                )
                for one, cost in found.channels.items()
            ],
            parts=[_part(cell, found) for cell in _ordered(found.cells)],
        )

    @router.get(
        "/usage.csv",
        summary="The same parts as CSV",
        response_class=Response,
        responses={200: {"content": {"text/csv": {}}}},
    )
    async def usage_csv(month: Month = None, channel: OneChannel = None) -> Response:
        asked = month or this_month()
        found = await used(asked, channel)
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(Part.model_fields)
        for cell in _ordered(found.cells):
            lines.writerow(_part(cell, found).model_dump(mode="json").values())
        headers = {
            "Content-Disposition": f'attachment; filename="usage-{asked}.csv"',
            "Cache-Control": "no-store",
        }
        return Response(text.getvalue(), media_type="text/csv", headers=headers)

    def this_month() -> str:
        return f"{utc_now().astimezone(institution.zone):%Y-%m}"

    async def used(month: str, channel: Channel | None) -> _Month:
        cells: dict[Cell, Tally] = {}
        costs: dict[Cell, Decimal] = {}
        channels: dict[Channel, Decimal] = {}
        for one in sorted({account.channel for account in institution.accounts}):
            if channel in (None, one):
                own = await sessions.usage(month, live_accounts(institution, one))
                counts = [
                    Used(cell.account, one, Unit.SESSION, tally.sessions) for cell, tally in own.items()
                ]
                channels[one] = balance(one, month, counts, terms).cost
                cells |= own
                costs |= cost_by_cell(channels[one], own)
        return _Month(cells, costs, channels)

    return router


def _usage(tally: Tally, cost: Decimal) -> Usage:
    return Usage(sessions=tally.sessions, messages=tally.messages, cost=str(cost))


def _by(month: _Month, key: Callable[[Cell], K]) -> dict[K, Usage]:
    """In the order of keys; what is not known comes last."""
    groups: dict[K, list[Cell]] = {}
    for cell in month.cells:
        groups.setdefault(key(cell), []).append(cell)
    ordered = sorted(groups, key=lambda one: (one is None, str(one)))
    return {
        one: _usage(
            summed(month.cells[cell] for cell in groups[one]),
            sum((month.costs[cell] for cell in groups[one]), Decimal("0.00")),
        )
        for one in ordered
    }


def _tally(month: _Month, channel: Channel) -> Usage:
    own = [tally for cell, tally in month.cells.items() if cell.channel == channel]
    return _usage(summed(own), month.channels[channel])


def _ordered(cells: Mapping[Cell, Tally]) -> list[Cell]:
    return sorted(
        cells, key=lambda cell: (cell.day, cell.channel, cell.account, cell.area or "", cell.queue or "")
    )


def _part(cell: Cell, month: _Month) -> Part:
    used = _usage(month.cells[cell], month.costs[cell])
    return Part(
        day=cell.day, channel=Channel(cell.channel), account=cell.account, area=cell.area, queue=cell.queue,
        **used.model_dump(),
    )  # fmt: skip
