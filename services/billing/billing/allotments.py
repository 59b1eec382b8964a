"""Watches the current months against their allotments: figures for Prometheus, thresholds for listeners.

The count is taken anew each time from the sessions, so nothing is lost with a process. A threshold has an id
that derives from channel, month and percent, and stands on the topic once, whoever is killed and however many
processes watch (see `ventanilla.stream.once`).
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from billing.domain.balance import Balance, balance, reached
from billing.metrics import INCLUDED, LEFT, OVERAGE, USED
from billing.plans.models import Unit
from billing.plans.pricing import Used
from billing.plans.terms import Terms
from billing.store import Sessions
from ventanilla.clock import utc_now
from ventanilla.contracts.billing import AllotmentReached
from ventanilla.contracts.channel import Channel
from ventanilla.contracts.event import derived_id
from ventanilla.institution import Allotment, Institution
from ventanilla.observability import logger
from ventanilla.stream.failures import INFRASTRUCTURE
from ventanilla.topics import ALLOTMENT

log = logger(__name__)

_AT_MOST_EVERY_SECONDS = 2.0
_AT_LEAST_EVERY_SECONDS = 60.0
"""Months turn, and other processes project sessions too."""


def live_accounts(institution: Institution, channel: Channel) -> list[str]:
    """The accounts that count: a replay account is a rehearsal."""
    return [one.id for one in institution.accounts if one.channel is channel and not one.replay]


async def month_usage(institution: Institution, sessions: Sessions, month: str) -> list[Used]:
    """The month's sessions by account, on every channel; rehearsals cost nothing. Raises `StoreError`."""
    found = []
    for channel in sorted({one.channel for one in institution.accounts}):
        accounts = live_accounts(institution, channel)
        counts = await sessions.counts(month, accounts)
        found += [Used(one, channel, Unit.SESSION, counts.get(one, 0)) for one in accounts]
    return found


class Allotments:
    """One for each process; together they say each threshold once."""

    def __init__(
        self,
        institution: Institution,
        terms: Terms,
        sessions: Sessions,
        publish_once: Callable[..., Awaitable[object]],
    ) -> None:
        self._institution = institution
        self._terms = terms
        self._sessions = sessions
        self._publish_once = publish_once
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Sessions have changed: count again soon."""
        self._news.set()

    async def watch(self) -> None:
        """For ever; while an engine fails, it tries again."""
        while True:
            self._news.clear()
            try:
                await self._look()
            except INFRASTRUCTURE as error:
                log.warning("allotments_unknown", error=type(error).__name__)
                self._news.set()
            await asyncio.sleep(_AT_MOST_EVERY_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(_AT_LEAST_EVERY_SECONDS):
                    await self._news.wait()

    async def _look(self) -> None:
        now = utc_now().astimezone(self._institution.zone)
        current, late = f"{now:%Y-%m}", f"{now - self._institution.metering.settling:%Y-%m}"
        for month in {current, late}:
            usage = await month_usage(self._institution, self._sessions, month)
            for channel in {account.channel for account in self._institution.accounts}:
                state = balance(channel, month, usage, self._terms)
                if month == current:
                    _show(channel, state)
                contract = self._terms.allotment(channel)
                if contract is not None:
                    await self._say(contract, state)

    async def _say(self, contract: Allotment, state: Balance) -> None:
        key = f"{contract.channel}:{state.month}"
        due = reached(state.used, contract)
        await self._publish_once(ALLOTMENT, *(_event(key, threshold, contract, state) for threshold in due))


def _event(key: str, threshold: int, contract: Allotment, state: Balance) -> AllotmentReached:
    identity = derived_id("allotment", key, str(threshold))
    return AllotmentReached(
        id=identity,
        occurred_at=utc_now(),
        contact_id=key,
        correlation_id=identity,
        channel=contract.channel,
        month=state.month,
        threshold_percent=threshold,
        used=state.used,
        allotment=state.allotment,
        cost=state.cost,
        currency=state.priced.currency if state.priced else None,
        plan=state.priced.plan if state.priced else None,
        prices_of=state.priced.prices_of if state.priced else None,
        assumed=state.priced.assumed if state.priced else [],
    )


def _show(channel: Channel, state: Balance) -> None:
    USED.labels(channel.value).set(state.used)
    LEFT.labels(channel.value).set(state.left)
    OVERAGE.labels(channel.value).set(state.overage)
    INCLUDED.labels(channel.value).set(state.allotment)
