"""Closes months: freezes what is billed for each, and publishes it exactly once.

A month is frozen when all that came before its close has been metered. What ingest took before then stands on
its topics within moments; so a while after the close the closer looks where the topics end, waits until the
meter has come there, then until the read models have come to the end of what the meter said. Several
processes may do this at once: all find the same, the first to freeze it wins, and the topic takes it once
(see `ventanilla.stream.once`).
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from billing.allotments import live_accounts
from billing.domain.closing import closes_at
from billing.domain.statement import Before, adjusted, statement, usage_of
from billing.plans.months import months_later
from billing.plans.terms import Terms
from billing.store import Ledger, Sessions, Statements
from billing.store.lines import account_lines
from ventanilla.clock import utc_now
from ventanilla.contracts.billing import StatementClosed, StatementLine
from ventanilla.contracts.channel import Channel
from ventanilla.institution import Institution
from ventanilla.observability import logger
from ventanilla.stream import Stream
from ventanilla.stream.failures import INFRASTRUCTURE
from ventanilla.topics import METER_NOTED, SESSION, STATEMENT, Topic

log = logger(__name__)

EVERY = timedelta(seconds=10)
PATIENCE = timedelta(minutes=15)
"""After the close: what came before it is on its topic by then."""
_LOOK_AGAIN_SECONDS = 1.0
_WAIT_SECONDS = 300.0


class Closer:
    """One process's closer. `meters` is the meter's group with all that it reads."""

    def __init__(
        self,
        institution: Institution,
        terms: Terms,
        stream: Stream,
        sessions: Sessions,
        ledger: Ledger,
        statements: Statements,
        *,
        meters: tuple[str, Sequence[Topic]],
        every: timedelta = EVERY,
    ) -> None:
        self._institution = institution
        self._terms = terms
        self._stream = stream
        self._sessions = sessions
        self._ledger = ledger
        self._statements = statements
        self._meters = meters
        self._every = every
        self._accounts = [account for channel in Channel for account in live_accounts(institution, channel)]

    async def run(self) -> None:
        """Close what is due until cancelled. While an engine does not answer, it tries again."""
        while True:
            try:
                await self.close_due(utc_now())
            except INFRASTRUCTURE as error:
                log.warning("closing_failed", error=type(error).__name__)
            await asyncio.sleep(self._every.total_seconds())

    async def close_due(self, now: datetime) -> None:
        """Close every month that is due, one after the other, and publish what was not.

        Waits for the meter, some minutes at most. Raises `StoreError` or `StreamUnavailableError`.
        """
        caught_up = False
        while (month := await self._next()) is not None and self._closes_at(month) + PATIENCE <= now:
            if not caught_up:
                try:
                    async with asyncio.timeout(_WAIT_SECONDS):
                        await self._all_metered()
                except TimeoutError:
                    log.warning("closing_waits_for_the_meter", month=month)
                    break
                caught_up = True
            found = await self._statement(month)
            await self._statements.freeze(found, now)
            log.info(
                "month_closed", month=month, accounts=len(found.lines), adjustments=len(found.adjustments)
            )
        async for frozen in self._statements.unpublished():
            await self._stream.publish_once(STATEMENT, frozen)
            await self._statements.published(frozen.month)

    async def _next(self) -> str | None:
        """The first month that is open: after the last that was closed, or where our sessions begin."""
        last = await self._statements.last()
        if last is not None:
            return months_later(last, 1)
        return await self._sessions.first_month(self._accounts)

    async def _all_metered(self) -> None:
        """Until all that stands on the topics now has been metered, and what that made can be read."""
        await self._come_to_the_end(*self._meters)
        await self._come_to_the_end("sessions", [SESSION])
        await self._come_to_the_end("notes", [METER_NOTED])

    async def _come_to_the_end(self, group: str, topics: Sequence[Topic]) -> None:
        progress = await self._stream.progress(group, *topics)
        ends = {(one.topic, one.partition): one.ends for one in progress}
        while any(one.done < ends.get((one.topic, one.partition), 0) for one in progress):
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            progress = await self._stream.progress(group, *topics)

    async def _statement(self, month: str) -> StatementClosed:
        until, earlier = self._closes_at(month), months_later(month, -1)
        since = None if await self._statements.of(earlier) is None else self._closes_at(earlier)
        lines = await self._lines(month)
        adjustments = await self._ledger.adjustments(self._accounts, since=since, until=until)
        before: dict[str, Before] = {}
        for adjusted_month in {one.month for one in adjustments}:
            before[adjusted_month] = await self._before(adjusted_month, month, lines, since)
        return statement(month, until, lines, adjustments, before, self._terms)

    async def _before(
        self, month: str, closing: str, lines: Sequence[StatementLine], since: datetime | None
    ) -> Before:
        """What was billed for `month`, and adjusted by earlier statements. `lines` are those of `closing`."""
        frozen = await self._statements.of(month)
        if frozen is not None:
            lines = frozen.lines
        elif month != closing:
            lines = await self._lines(month)
        billed = usage_of(lines)
        told = (
            () if since is None else await self._ledger.adjustments(self._accounts, month=month, until=since)
        )
        return adjusted(Before(billed, billed), told)

    async def _lines(self, month: str) -> list[StatementLine]:
        """The ledger as it is now; a rehearsal is not billed."""
        return [one for one in await account_lines(self._sessions, month) if one.account in self._accounts]

    def _closes_at(self, month: str) -> datetime:
        return closes_at(month, self._institution.zone, self._institution.metering.settling)
