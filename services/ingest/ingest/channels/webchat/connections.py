"""Which visitors are connected to this process, and how each learns that there is something new.

A connection always takes its messages from the store, in order, after the last one that it sent; waking it
only says when to look. What was stored here wakes it at once; what another replica stored is found by one
question to the store each two seconds, for all connected visitors together.
"""

import asyncio
from collections import defaultdict
from typing import Protocol

from prometheus_client import Gauge

from ingest.channels.webchat.outbox import Outbox
from ventanilla.observability import logger
from ventanilla.store import StoreError

log = logger(__name__)

LOOK_EVERY_SECONDS = 2.0

CONNECTIONS = Gauge("ventanilla_ingest_webchat_connections", "Visitors' open connections")


class Listener(Protocol):
    """A connection, as far as this file needs it."""

    @property
    def contact_id(self) -> str: ...

    @property
    def address(self) -> str: ...

    @property
    def sent_seq(self) -> int: ...

    def wake(self) -> None:
        """There may be something after `sent_seq`."""

    def replace(self) -> None:
        """End: the visitor has too many connections, and this is his oldest."""


class Connections:
    """The open connections of this process. Not thread-safe: everything happens on one event loop."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._of_contact: dict[str, list[Listener]] = {}
        self._of_address: defaultdict[str, int] = defaultdict(int)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, listener: Listener) -> list[Listener]:
        """Returns all of this visitor's connections, the oldest first."""
        mine = self._of_contact.setdefault(listener.contact_id, [])
        mine.append(listener)
        self._of_address[listener.address] += 1
        self._count += 1
        CONNECTIONS.set(self._count)
        return list(mine)

    def remove(self, listener: Listener) -> None:
        """Does nothing for one that was never added."""
        mine = self._of_contact.get(listener.contact_id, [])
        if listener not in mine:
            return
        mine.remove(listener)
        if not mine:
            del self._of_contact[listener.contact_id]
        self._of_address[listener.address] -= 1
        if not self._of_address[listener.address]:
            del self._of_address[listener.address]
        self._count -= 1
        CONNECTIONS.set(self._count)

    def at_address(self, address: str) -> int:
        """How many connections come from there."""
        return self._of_address.get(address, 0)

    def wake(self, contact_id: str) -> None:
        """Something was stored for this visitor."""
        for listener in self._of_contact.get(contact_id, ()):
            listener.wake()

    async def watch(self) -> None:
        """Finds what other replicas stored. Runs until it is cancelled; a store that fails is asked again."""
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            if not self._of_contact:
                continue
            try:
                heads = await self._outbox.heads(self._of_contact)
            except StoreError as error:
                log.warning("webchat_watch_failed", error=type(error).__name__)
                continue
            for contact_id, head in heads.items():
                for listener in self._of_contact.get(contact_id, ()):
                    if listener.sent_seq < head:
                        listener.wake()
