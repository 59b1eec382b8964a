"""A process's HTTP connections: how many there may be, and how long one may take to say what it wants.

uvicorn bounds neither: who opens connections and says nothing, or says a request byte by byte, keeps them for
ever, and every one costs memory and a file descriptor. Here

* a request must have come whole within `RECEIVE_SECONDS` of its first byte; then 408 and the end. Until then
  it costs what uvicorn buffers of it, because a body is read only as fast as the application takes it;
* a connection that says nothing is closed after uvicorn's keep-alive time, the first request included;
* when there are as many connections as there may be, a new one takes the place of one that has been sending
  a request for more than a second, else of one that never sent any, else of one that has been idle for more
  than a second; of each kind the one that has been so for longest. So whoever fills all places with idle or
  slow connections keeps nobody out, probes least of all. Only when there is none such, because all wait for
  their answers, is a new one refused.

Sockets (WebSocket) leave this account when they are upgraded: their number is the service's to bound.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from prometheus_client import Counter, Gauge
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

CONNECTIONS = 1_000
"""More than a load balancer or the desks of a large institution keep open to one process."""
RECEIVE_SECONDS = 15.0
_SPARED_SECONDS = 1.0
"""Nobody who began to send, or was answered, so short a time ago is thrown out for somebody else."""
_LOOK_EVERY_SECONDS = 1.0

_OPEN = Gauge("ventanilla_http_connections", "Open HTTP connections, sockets not counted")
ENDED = Counter(
    "ventanilla_http_connections_ended_total",
    "Connections that we ended: slow (request not whole in time), evicted (room was needed), refused (none)",
    ["reason"],
)
_SLOW, _EVICTED, _REFUSED = (ENDED.labels(reason) for reason in ("slow", "evicted", "refused"))

_TOO_SLOW = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 35\r\nconnection: close\r\n\r\nThe request took too long to arrive"
)

Door = Callable[[], bytes | None]
"""Asked when a request's head is whole: None lets it in, bytes are the whole answer and its end.

To turn somebody away must cost next to nothing, or turning away leaves no time for those who are let in.
"""
Doors = dict[tuple[bytes, bytes], Door]
"""By method and target, as they stand in the request's first line."""


class Connections:
    """All connections of one server. Not thread-safe: everything happens on its event loop."""

    def __init__(self, limit: int, receive_seconds: float = RECEIVE_SECONDS) -> None:
        self._limit = limit
        self._receive_seconds = receive_seconds
        self._open: set[BoundedConnection] = set()
        self._new: OrderedDict[BoundedConnection, float] = OrderedDict()
        """Those that have not begun a request yet, the oldest first, with the time since."""
        self._quiet: OrderedDict[BoundedConnection, float] = OrderedDict()
        """Those between two requests, likewise."""
        self._sending: OrderedDict[BoundedConnection, float] = OrderedDict()
        """Those in the middle of a request, likewise."""
        self._looking: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._open)

    def opened(self, connection: "BoundedConnection") -> None:
        """Make room for it, or end it."""
        now = connection.loop.time()
        if len(self._open) >= self._limit and not self._make_room(now):
            _REFUSED.inc()
            connection.transport.abort()
            return
        self._open.add(connection)
        self._new[connection] = now
        _OPEN.set(len(self._open))
        if self._looking is None:
            self._look(connection.loop, connection.timeout_keep_alive)

    def closed(self, connection: "BoundedConnection") -> None:
        """Forget it, whatever it was doing."""
        self._open.discard(connection)
        self._new.pop(connection, None)
        self._quiet.pop(connection, None)
        self._sending.pop(connection, None)
        _OPEN.set(len(self._open))
        if not self._open and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def begins(self, connection: "BoundedConnection") -> None:
        """The first byte of a request is here."""
        self._new.pop(connection, None)
        self._quiet.pop(connection, None)
        self._sending[connection] = connection.loop.time()

    def has_said(self, connection: "BoundedConnection", *, answered: bool) -> None:
        """The last byte of a request is here; the time to its answer, if there was none yet, is ours."""
        self._sending.pop(connection, None)
        if answered:
            self.is_answered(connection)

    def is_answered(self, connection: "BoundedConnection") -> None:
        """The answer is out. Who is still sending the request stays in that account until it is whole."""
        if connection in self._open and connection not in self._sending:
            self._quiet[connection] = connection.loop.time()

    def _make_room(self, now: float) -> bool:
        for places, spared in (
            (self._sending, _SPARED_SECONDS),
            (self._new, 0.0),
            (self._quiet, _SPARED_SECONDS),
        ):
            oldest = next(iter(places), None)
            if oldest is not None and now - places[oldest] >= spared:
                _EVICTED.inc()
                self._end(oldest)
                return True
        return False

    def _look(self, loop: asyncio.AbstractEventLoop, keep_alive: float) -> None:
        now = loop.time()
        slow = [one for one, since in self._sending.items() if now - since > self._receive_seconds]
        _SLOW.inc(len(slow))
        idle = [*self._new.items(), *self._quiet.items()]
        for connection in slow + [one for one, since in idle if now - since > keep_alive]:
            self._end(connection)
        self._looking = (
            loop.call_later(_LOOK_EVERY_SECONDS, self._look, loop, keep_alive) if self._open else None
        )

    def _end(self, connection: "BoundedConnection") -> None:
        connection.end(in_a_request=connection in self._sending)
        self.closed(connection)


class BoundedConnection(HttpToolsProtocol):
    """uvicorn's protocol that tells `Connections` what it is doing."""

    def __init__(self, connections: Connections, doors: Doors, **given: Any) -> None:
        super().__init__(**given)
        self._all = connections
        self._doors = doors

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._all.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._all.closed(self)
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        self._all.closed(self)
        super().handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        self._all.begins(self)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        door = self._doors.get((self.parser.get_method(), self.url))
        answer = door() if door is not None and (self.cycle is None or self.cycle.response_complete) else None
        if answer is None:
            super().on_headers_complete()
            return
        # A cycle that is over makes uvicorn drop the body as it comes.
        over = SimpleNamespace(response_complete=True, body=b"", message_event=asyncio.Event())
        self.cycle = over  # type: ignore[assignment]
        self.transport.write(answer)
        if self.flow.write_paused:  # who asks and does not listen
            self.transport.abort()
        elif not self.parser.should_keep_alive():
            self.transport.close()

    def on_message_complete(self) -> None:
        self._all.has_said(self, answered=self.cycle is not None and self.cycle.response_complete)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        if self.cycle.response_complete:  # else the next request has come already, and its body with it
            self.cycle.body = bytearray()  # of one answered unread; uvicorn keeps it until the next request
        if not self.pipeline:
            self._all.is_answered(self)
        super().on_response_complete()

    def end(self, *, in_a_request: bool) -> None:
        """Close; to who is still sending a request that has no answer, with 408."""
        if self.transport.is_closing():
            return
        if in_a_request and ("method" not in self.scope or not self.cycle.response_started):
            self.transport.write(_TOO_SLOW)  # without a method there is no whole head yet
        self.transport.close()


def bounded(limit: int, doors: Doors) -> type[asyncio.Protocol]:
    """What uvicorn takes as `http`: its protocol, with at most `limit` connections at a time.

    `doors` may still be filled when the server runs.
    """
    connections = Connections(limit)

    class Bounded(BoundedConnection):
        def __init__(self, **given: Any) -> None:
            super().__init__(connections, doors, **given)

    return Bounded
