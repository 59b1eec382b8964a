"""From drafts to events in Kafka: the identity of each person, then everything at once."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from prometheus_client import Counter

from ingest import metrics
from ingest.channels.whatsapp.contents import KNOWN_TYPES
from ingest.channels.whatsapp.drafts import Drafts, EchoDraft, MessageDraft, Reject
from ingest.identity.resolver import Resolver
from ventanilla.contracts.channel import DeliveryStatus, Unknown
from ventanilla.contracts.event import derived_id
from ventanilla.stream import Output, Stream
from ventanilla.topics import ECHOED, RECEIVED, STATUS

_MAX_LETTER = 900_000
"""Bytes; Kafka takes no record of more than 1 MiB. What is cut off belongs to no message of Meta's."""


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
        people = [draft.person for draft in drafts.messages]
        people += [draft.person for draft in drafts.statuses]
        people += [draft.person for draft in drafts.echoes]
        contacts = iter(await self._resolver.resolve(people))
        outputs: list[Output] = []
        outputs += [(RECEIVED, draft.event(next(contacts), received_at)) for draft in drafts.messages]
        outputs += [(STATUS, draft.event(next(contacts), received_at)) for draft in drafts.statuses]
        outputs += [(ECHOED, draft.event(next(contacts), received_at)) for draft in drafts.echoes]
        if drafts.rejects:
            await asyncio.gather(self._stream.publish(*outputs), *map(self._refuse, drafts.rejects))
        else:
            await self._stream.publish(*outputs)
        _count(self._messages, drafts.messages)
        _count(self._echoes, drafts.echoes)
        for draft in drafts.statuses:
            self._statuses[draft.status].inc()

    async def _refuse(self, reject: Reject) -> None:
        key = derived_id("rejected", sha256(reject.body).hexdigest())
        await self._stream.dead_letter(
            reject.topic, key, reject.body[:_MAX_LETTER], reason=reject.reason, error=reject.error
        )
        metrics.REJECTS.labels(reject.reason).inc()


def _count(counters: Mapping[str, Counter], drafts: Sequence[MessageDraft | EchoDraft]) -> None:
    for draft in drafts:
        counters[_type(draft)].inc()


def _type(draft: MessageDraft | EchoDraft) -> str:
    return "unknown" if isinstance(draft.content, Unknown) else draft.content.type
