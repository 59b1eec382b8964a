"""Delivers outbound messages, one at a time for each contact."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ingest import metrics
from ingest.channels.sender import Address, ChannelSender, Rejected, RetryLater
from ingest.deliveries.delivery import (
    NO_ADDRESS,
    NO_CHANNEL,
    PROVIDER_SAYS_WINDOW_CLOSED,
    WINDOW_CLOSED,
    Delivery,
    as_template,
    new_delivery,
    window_is_closed,
)
from ingest.deliveries.retry import RetryPolicy
from ingest.store.addresses import Addresses
from ingest.store.deliveries import Deliveries
from ventanilla.clock import account_now, utc_now
from ventanilla.contracts.channel import Channel, DeliveryStatus, OutboundMessage, StatusError, Template
from ventanilla.exhaustion import ALLOTMENT_EXHAUSTED, AtExhaustion, Exhaustion
from ventanilla.institution import Account, Institution
from ventanilla.observability import logger
from ventanilla.store import StoreError
from ventanilla.stream import Received, Stream
from ventanilla.topics import STATUS

log = logger(__name__)

_STORE_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Errand:
    """One message, and what it takes to deliver it."""

    received: Received
    message: OutboundMessage
    account: Account
    sender: ChannelSender
    address: Address

    def now(self) -> datetime:
        return _now(self.received, self.account)


def _now(received: Received, account: Account | None) -> datetime:
    """Now, as the account sees it; a recorded day lives by its own time."""
    return account_now(
        replay=account is not None and account.replay,
        event_time=received.event.occurred_at,
        seen_at=received.appended_at,
    )


class Worker:
    """Takes each outbound message through to its end: accepted, failed or refused.

    A part's answer is kept before it is published, and published before the next part is sent. After a crash
    the same message comes again: what is known is published again, and it goes on at the next part. Only a
    crash between the provider's answer and our note of it makes a part go out twice.
    """

    def __init__(
        self,
        institution: Institution,
        stream: Stream,
        deliveries: Deliveries,
        addresses: Addresses,
        senders: Mapping[Channel, ChannelSender],
        exhaustion: Exhaustion,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._institution = institution
        self._stream = stream
        self._deliveries = deliveries
        self._addresses = addresses
        self._senders = senders
        self._exhaustion = exhaustion
        self._sleep = sleep
        self._policy = RetryPolicy(institution.delivery.give_up_after, institution.delivery.max_backoff)

    async def deliver(self, received: Received) -> None:
        """Raises `StoreError` or `StreamUnavailableError`; then the same message is to be delivered again."""
        message = received.event
        assert isinstance(message, OutboundMessage), "the topic holds nothing else"
        known, address = await asyncio.gather(
            self._deliveries.find(message.id), self._addresses.find(message.contact_id)
        )
        if known is not None:
            answered = [place for place, part in enumerate(known.parts) if part.status is not None]
            await self._publish(known, message, answered)
            if known.next_part is None:
                return
        account = self._institution.account(message.channel, message.account)
        sender = self._senders.get(message.channel)
        if account is None or sender is None:
            error = StatusError(code=NO_CHANNEL, title="The institution has no such account")
            await self._give_up(known, message, error, _now(received, account))
        elif address is None:
            error = StatusError(code=NO_ADDRESS, title="It is not known where this contact is reached")
            await self._give_up(known, message, error, _now(received, account))
        else:
            await self._run(_Errand(received, message, account, sender, address), known)

    async def _give_up(
        self, known: Delivery | None, message: OutboundMessage, error: StatusError, now: datetime
    ) -> None:
        delivery = known or new_delivery(message, 1, now)
        await self._settle(delivery.failed(error, now), message, delivery.next_part or 0)

    async def _run(self, errand: _Errand, known: Delivery | None) -> None:
        message, template = errand.message, errand.account.window_template
        closed = known is None and window_is_closed(message, errand.now())
        delivery = known or new_delivery(message, len(errand.sender.parts(message)), errand.now())
        if closed and template is None:
            error = StatusError(
                code=WINDOW_CLOSED,
                title="The window for free text has closed, and the account has no template for that",
            )
            await self._settle(delivery.refused(error, errand.now()), message, 0)
            return
        templated = closed or delivery.template is not None or isinstance(message.content, Template)
        if templated and not delivery.begun and self._no_templates(errand):
            await self._refuse_template(delivery, errand)
            return
        if template is not None and (closed or delivery.template is not None):
            message = as_template(message, template)
            if closed:
                delivery = delivery.instead(template.name, len(errand.sender.parts(message)))
        while (part := delivery.next_part) is not None:
            bodies = errand.sender.parts(message)
            answer = await self._send(errand, message, part, bodies)
            if isinstance(answer, str):
                delivery = delivery.accepted(part, answer, errand.now())
                await self._settle(delivery, message, part, part + 1)
                continue
            untouched = not delivery.begun and delivery.template is None
            if answer.code == PROVIDER_SAYS_WINDOW_CLOSED and template is not None and untouched:
                if self._no_templates(errand):
                    await self._refuse_template(delivery, errand)
                    return
                message = as_template(message, template)
                delivery = delivery.instead(template.name, len(errand.sender.parts(message)))
                continue
            delivery = delivery.failed(answer, errand.now())
            await self._settle(delivery, message, part)
        if delivery.parts[-1].status is DeliveryStatus.ACCEPTED:
            elapsed = (utc_now() - errand.received.appended_at).total_seconds()
            metrics.DELIVERY_SECONDS.labels(message.channel.value).observe(max(0.0, elapsed))

    def _no_templates(self, errand: _Errand) -> bool:
        """Whether none goes out, because the month's allotment is used up."""
        policy = self._exhaustion.policy(errand.message.channel, errand.account.id, errand.now())
        return policy is not AtExhaustion.GO_ON

    async def _refuse_template(self, delivery: Delivery, errand: _Errand) -> None:
        error = StatusError(
            code=ALLOTMENT_EXHAUSTED,
            title="The month's allotment is used up: only replies inside the window are sent",
        )
        await self._settle(delivery.refused(error, errand.now()), errand.message, 0)

    async def _send(
        self, errand: _Errand, message: OutboundMessage, part: int, bodies: list[dict[str, Any]]
    ) -> str | StatusError:
        """The provider's id of the part, or why it never got one."""
        channel = message.channel.value
        started = time.monotonic()
        failures = 0
        while True:
            try:
                with metrics.SEND_SECONDS.labels(channel).time():
                    answer = await errand.sender.send(
                        errand.address, message, part, len(bodies), bodies[part]
                    )
            except Rejected as no:
                metrics.SENDS.labels(channel, "rejected").inc()
                return StatusError(code=no.code, title=no.title, details=no.details)
            except RetryLater as later:
                metrics.SENDS.labels(channel, "retry").inc()
                failures += 1
                elapsed = time.monotonic() - started
                pause = self._policy.pause(failures, later.after_seconds, random.random(), elapsed)
                if pause is None:
                    gave_up = f"Given up after {failures} tries in {elapsed:.0f} s"
                    return StatusError(code=later.code, title=later.title, details=gave_up)
                await self._sleep(pause)
            else:
                metrics.SENDS.labels(channel, "accepted").inc()
                return answer

    async def _settle(
        self, delivery: Delivery, message: OutboundMessage, first: int, end: int | None = None
    ) -> None:
        """Keep the delivery, then say what is new of the parts from `first` to before `end`."""
        await self._keep(delivery)
        await self._publish(delivery, message, range(first, len(delivery.parts) if end is None else end))
        if delivery.next_part is None:
            outcome = delivery.parts[-1].status
            assert outcome is not None, "a delivery without a next part has all its answers"
            metrics.DELIVERIES.labels(message.channel.value, outcome.value).inc()

    async def _keep(self, delivery: Delivery) -> None:
        """However long the store is away: were this forgotten, what the provider took would go out again."""
        while True:
            try:
                await self._deliveries.keep(delivery)
                return
            except StoreError as error:
                log.warning("delivery_not_kept", error=type(error).__name__)
                await self._sleep(_STORE_PAUSE_SECONDS)

    async def _publish(self, delivery: Delivery, message: OutboundMessage, parts: Iterable[int]) -> None:
        statuses = [delivery.status(part, message.correlation_id) for part in parts]
        await self._stream.publish(*((STATUS, status) for status in statuses))
