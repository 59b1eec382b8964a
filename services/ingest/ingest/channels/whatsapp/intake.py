"""From drafts to events in Kafka: the identity of each person, then everything at once."""

import asyncio
from datetime import datetime
from hashlib import sha256

from ingest import metrics
from ingest.channels.whatsapp.contents import KNOWN_TYPES
from ingest.channels.whatsapp.drafts import Drafts, EchoDraft, MessageDraft, Reject, StatusDraft
from ingest.identity.resolver import Resolver
from ventanilla.contracts.channel import DeliveryStatus
from ventanilla.contracts.event import derived_id
from ventanilla.stream import Output, Stream
from ventanilla.topics import ECHOED, RECEIVED, STATUS

_MAX_LETTER = 900_000
"""Bytes; Kafka takes no record of more than 1 MiB. What is cut off belongs to no message of Meta's."""

_TOPICS = {MessageDraft: RECEIVED, StatusDraft: STATUS, EchoDraft: ECHOED}


class Intake:
    """Takes what webhooks brought."""

    def __init__(self, stream: Stream, resolver: Resolver) -> None:
        self._stream = stream
        self._resolver = resolver
        types = [*sorted(KNOWN_TYPES), "unknown", "choice", "flow_answer"]
        self._messages = {name: metrics.MESSAGES.labels(name) for name in types}
        self._echoes = {name: metrics.ECHOES.labels(name) for name in types}
        self._statuses = {word: metrics.STATUSES.labels(word.value) for word in DeliveryStatus}

    async def take(self, drafts: Drafts, received_at: datetime) -> None:
        """Returns when Kafka has everything. Raises `StoreError` or `StreamUnavailableError`: then some of it
        may be there, and taking the same again gives the same events."""
        taken: list[MessageDraft | StatusDraft | EchoDraft] = [
            *drafts.messages, *drafts.statuses, *drafts.echoes
        ]  # fmt: skip
        contacts = await self._resolver.resolve([draft.person for draft in taken])
        outputs: list[Output] = [
            (_TOPICS[type(draft)], draft.event(contact, received_at))
            for draft, contact in zip(taken, contacts, strict=True)
        ]
        if drafts.rejects:
            await asyncio.gather(self._stream.publish(*outputs), *map(self._refuse, drafts.rejects))
        else:
            await self._stream.publish(*outputs)
        for message in drafts.messages:
            self._messages[message.content.type].inc()
        for echo in drafts.echoes:
            self._echoes[echo.content.type].inc()
        for status in drafts.statuses:
            self._statuses[status.status].inc()

    async def _refuse(self, reject: Reject) -> None:
        key = derived_id("rejected", sha256(reject.body).hexdigest())
        await self._stream.dead_letter(
            reject.topic, key, reject.body[:_MAX_LETTER], reason=reject.reason, error=reject.error
        )
        metrics.REJECTS.labels(reject.reason).inc()
