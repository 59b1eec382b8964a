"""Looks regularly whether every status adds up, for Prometheus, and when it is asked."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from billing.domain.accounting import OUTCOMES, Account, Accounting, handed
from billing.metrics import UNACCOUNTED
from billing.store import Meters
from ventanilla.contracts.channel import Channel
from ventanilla.observability import logger
from ventanilla.stream import Progress, Stream
from ventanilla.stream.failures import INFRASTRUCTURE
from ventanilla.topics import STATUS

log = logger(__name__)

EVERY = timedelta(seconds=30)


class Accountant:
    """One for each process. `group` is the meter's."""

    def __init__(self, stream: Stream, meters: Meters, group: str, *, every: timedelta = EVERY) -> None:
        self._stream = stream
        self._meters = meters
        self._group = group
        self._every = every

    async def prepare(self) -> None:
        """Before the meter begins: how many records were gone by then, of which it can know nothing.

        Raises `StoreError` or `StreamUnavailableError`.
        """
        progress = await self._progress()
        began = all(one.committed is None for one in progress)
        await self._meters.begin(sum(one.begins for one in progress) if began else 0)

    async def watch(self) -> None:
        """Until cancelled. While an engine does not answer, the figure stays as it was."""
        while True:
            await asyncio.sleep(self._every.total_seconds())
            try:
                found = await self.look()
            except INFRASTRUCTURE as error:
                log.warning("accounting_unknown", error=type(error).__name__)
                continue
            UNACCOUNTED.set(found.unaccounted)
            if found.unaccounted:
                log.error("statuses_unaccounted", missing=found.missing, unaccounted=found.unaccounted)

    async def look(self) -> Accounting:
        """Both counts, now. Raises `StoreError` or `StreamUnavailableError`."""
        before = await self._progress()
        dead_letters = await self._stream.buried(STATUS)
        accounts = [
            Account(one.channel.value, one.account, one.received, one.outcomes)
            for one in await self._meters.totals(list(Channel), OUTCOMES)
        ]
        after = await self._progress()
        begun_at = await self._meters.begun_at()
        return Accounting(accounts, handed(_pairs(before), _pairs(after), begun_at, dead_letters))

    async def _progress(self) -> list[Progress]:
        return await self._stream.progress(self._group, STATUS)


def _pairs(progress: Sequence[Progress]) -> list[tuple[int, int]]:
    return [(one.done, one.ends) for one in progress]
