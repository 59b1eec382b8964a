"""One connection of one visitor, from `hello` to the end.

Two tasks: this one reads frames and takes them one after the other (so a visitor's messages keep their
order), the pump sends what the store has after the last seq that was sent. Nothing is buffered here: a slow
browser makes the pump wait, and the backlog stays in the store.
"""

import asyncio
import contextlib
import time

from fastapi import WebSocket
from prometheus_client import Counter
from starlette.websockets import WebSocketDisconnect

from ingest.channels.webchat.events import frame_of
from ingest.channels.webchat.exchange import Exchange
from ingest.channels.webchat.limits import Bucket
from ingest.channels.webchat.outbox import Progress
from ingest.channels.webchat.protocol import (
    MAX_FRAME,
    Accepted,
    Ack,
    BadFrameError,
    ClientFrame,
    ClientMessage,
    Close,
    Code,
    Error,
    Hello,
    Ping,
    Pong,
    Read,
    ServerFrame,
    Welcome,
    read_frame,
    written,
)
from ingest.channels.webchat.visitors import BadTokenError, Visitor
from ingest.gate import OverloadedError
from ingest.metrics import SHED
from ventanilla.observability import logger
from ventanilla.store import StoreError
from ventanilla.stream import StreamUnavailableError
from ventanilla.tasks import end

log = logger(__name__)

HISTORY = 50
"""How many messages a browser that remembers none is shown; more where more never reached it."""

_RETRY_SECONDS = 2.0
_KEEP_SECONDS = 20.0
_FAREWELL_SECONDS = 2.0

MESSAGES = Counter(
    "ventanilla_ingest_webchat_messages_total", "Visitors' messages, by what became of them", ["result"]
)
_ACCEPTED = MESSAGES.labels("accepted")
_REFUSED = MESSAGES.labels("refused")
_UNAVAILABLE = MESSAGES.labels("unavailable")
_OVERLOADED = MESSAGES.labels("overloaded")


class EndedError(Exception):
    """The connection is to end: the frame says why to people, the close code to programs."""

    def __init__(self, close: Close, code: Code, text: str) -> None:
        super().__init__(text)
        self.close = close
        self.frame = Error(code=code, text=text)


class VisitorSocket:
    """See the module's text. To be made on the event loop that serves it."""

    def __init__(self, exchange: Exchange, websocket: WebSocket, account: str) -> None:
        self._exchange = exchange
        self._limits = exchange.limits
        self._websocket = websocket
        self._account = account
        self._frames = Bucket(self._limits.connection_frames, time.monotonic())
        self._sending = asyncio.Lock()
        self._news = asyncio.Event()
        self._replaced = asyncio.Event()
        self._refused = 0
        self._introduced = False
        self.address = websocket.client.host if websocket.client else "unknown"
        self.contact_id = ""
        self.sent_seq = 0

    def wake(self) -> None:
        """There may be something after `sent_seq`."""
        self._news.set()

    def replace(self) -> None:
        """This connection is to make room for a newer one of the same visitor."""
        self._replaced.set()

    async def serve(self, refusal: EndedError | None = None) -> None:
        """Returns when the connection is over, whoever ended it. `refusal` ends it at once."""
        try:
            await self._websocket.accept()
            try:
                if refusal is not None:
                    raise refusal
                await self._converse()
            except EndedError as reason:
                await self._farewell(reason)
        except WebSocketDisconnect:
            pass

    async def _converse(self) -> None:
        self._admit()
        visitor = await self._hello()
        mine = self._exchange.connections.add(self)
        for oldest in mine[: -self._limits.connections_per_visitor]:
            oldest.replace()
        tasks = [
            asyncio.create_task(run) for run in (self._read(visitor), self._pump(), self._until_replaced())
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._exchange.connections.remove(self)
            errors = await end(tasks)
        for error in errors:
            raise error

    # --- the beginning ---------------------------------------------------------------------------------

    def _admit(self) -> None:
        wait = self._exchange.address_connections.wait(self.address, time.monotonic())
        crowded = self._exchange.connections.at_address(self.address) >= self._limits.connections_per_address
        if wait or crowded:
            raise EndedError(Close.FLOOD, Code.TOO_MANY, "too many connections from this address")
        if len(self._exchange.connections) >= self._limits.connections:
            SHED.labels("webchat", "sockets").inc()
            raise EndedError(Close.UNAVAILABLE, Code.UNAVAILABLE, "too many connections; come back")

    async def _hello(self) -> Visitor:
        """Greets back, and sets from where on the pump sends."""
        try:
            async with asyncio.timeout(self._limits.hello_seconds):
                frame = await self._next()
        except BadFrameError as error:
            raise EndedError(Close.BAD_FRAME, Code.BAD_FRAME, str(error)) from None
        except TimeoutError:
            raise EndedError(Close.NO_HELLO, Code.BAD_FRAME, "no hello came in time") from None
        if not isinstance(frame, Hello):
            raise EndedError(Close.BAD_FRAME, Code.BAD_FRAME, "the first frame must be hello")
        try:
            visitor = self._exchange.identify(self._account, frame.token)
        except BadTokenError:
            raise EndedError(Close.BAD_TOKEN, Code.BAD_TOKEN, "the token is not valid") from None
        try:
            progress = await self._exchange.progress(visitor)
        except StoreError:
            raise _unavailable() from None
        self.contact_id = self._exchange.contact_id(visitor)
        self.sent_seq = replay_from(frame.last_seq, progress)
        await self._send(
            Welcome(
                token=self._exchange.token(visitor),
                seq=progress.last,
                read=progress.read,
                institution=self._exchange.institution,
            )
        )
        return visitor

    # --- both directions -------------------------------------------------------------------------------

    async def _pump(self) -> None:
        try:
            while True:
                self._news.clear()
                while batch := await self._exchange.outbox.after(self.contact_id, self.sent_seq):
                    for kept in batch:
                        await self._send(frame_of(kept))
                        self.sent_seq = kept.seq
                await self._news.wait()
        except StoreError:
            raise _unavailable() from None

    async def _until_replaced(self) -> None:
        await self._replaced.wait()
        raise EndedError(Close.REPLACED, Code.REPLACED, "the chat was opened in too many places")

    async def _read(self, visitor: Visitor) -> None:
        while True:
            try:
                frame = await self._next()
            except BadFrameError as error:
                await self._refuse(
                    Error(code=Code.BAD_FRAME, text=str(error), client_id=error.client_id), Close.BAD_FRAME
                )
                continue
            match frame:
                case ClientMessage():
                    await self._message(visitor, frame)
                case Ack() | Read():
                    await self._reached(visitor, frame.seq, read=isinstance(frame, Read))
                case Ping():
                    await self._send(Pong())
                case Hello():
                    raise EndedError(Close.BAD_FRAME, Code.BAD_FRAME, "hello comes once")

    async def _message(self, visitor: Visitor, frame: ClientMessage) -> None:
        now = time.monotonic()
        wait = self._exchange.visitor_messages.wait(self.contact_id, now) or (
            self._exchange.address_messages.wait(self.address, now)
        )
        if wait:
            _REFUSED.inc()
            await self._refuse(
                Error(
                    code=Code.TOO_MANY,
                    text="too many messages; the same one may be sent again later",
                    client_id=frame.client_id,
                    retry_after=round(wait, 1),
                ),
                Close.FLOOD,
            )
            return
        gate = self._exchange.gate
        try:
            with gate:
                async with asyncio.timeout(_KEEP_SECONDS):
                    if not self._introduced:
                        await self._exchange.introduce(visitor)
                        self._introduced = True
                    kept = await self._exchange.take(visitor, frame)
        except OverloadedError:
            _OVERLOADED.inc()
            await self._later(frame, "too much at a time; send it again")
            return
        except (StoreError, StreamUnavailableError, TimeoutError) as error:
            gate.failed()
            _UNAVAILABLE.inc()
            log.warning("webchat_message_not_kept", error=type(error).__name__)
            await self._later(frame, "the message could not be kept; send it again")
            return
        gate.kept()
        _ACCEPTED.inc()
        await self._send(Accepted(client_id=frame.client_id, at=kept.message.at, seq=kept.seq))

    async def _later(self, frame: ClientMessage, text: str) -> None:
        """Nothing was accepted; the browser keeps the message and sends it again."""
        await self._send(
            Error(code=Code.UNAVAILABLE, text=text, client_id=frame.client_id, retry_after=_RETRY_SECONDS)
        )

    async def _reached(self, visitor: Visitor, seq: int, *, read: bool) -> None:
        """A browser cannot have what was not sent to it yet, so the claim is cut to that."""
        try:
            await self._exchange.reached(visitor, min(seq, self.sent_seq), read=read)
        except (StoreError, StreamUnavailableError) as error:
            # The browser's next ack covers this one, and it always sends one after it comes back.
            log.warning("webchat_ack_not_kept", error=type(error).__name__)

    # --- frames ------------------------------------------------------------------------------------------

    async def _next(self) -> ClientFrame:
        """Raises `BadFrameError`, `EndedError` when limits are broken, `WebSocketDisconnect` at the end."""
        event = await self._websocket.receive()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code", 1005))
        data = event.get("text")
        if data is None:
            raise EndedError(Close.UNSUPPORTED, Code.BAD_FRAME, "frames are text")
        if len(data) > MAX_FRAME or len(data.encode("utf-8", "surrogatepass")) > MAX_FRAME:
            raise EndedError(Close.TOO_BIG, Code.TOO_BIG, f"a frame has at most {MAX_FRAME} bytes")
        if self._frames.wait(time.monotonic()):
            raise EndedError(Close.FLOOD, Code.TOO_MANY, "too many frames")
        return read_frame(data)

    async def _refuse(self, error: Error, close: Close) -> None:
        """One refusal is an answer; many of them end the connection."""
        self._refused += 1
        if self._refused >= self._limits.refusals:
            raise EndedError(close, error.code, error.text)
        await self._send(error)

    async def _send(self, frame: ServerFrame) -> None:
        async with self._sending:
            try:
                await self._websocket.send_text(written(frame))
            except RuntimeError:  # the server's word for a connection that was closed a moment ago
                raise WebSocketDisconnect(1006) from None

    async def _farewell(self, reason: EndedError) -> None:
        """Says why and closes; a browser that takes nothing any more is not waited for."""
        with contextlib.suppress(RuntimeError, TimeoutError):
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await self._send(reason.frame)
                await self._websocket.close(reason.close, str(reason)[:100])


def replay_from(last_seq: int, progress: Progress) -> int:
    """After which seq a browser is sent everything, given the last that it says it has.

    One that has none is shown the last `HISTORY`, and before these whatever never reached any browser. One
    that has more than there is (its conversation was purged) begins anew.
    """
    if 0 < last_seq <= progress.last:
        return last_seq
    return max(0, min(progress.last - HISTORY, progress.delivered))


def _unavailable() -> EndedError:
    return EndedError(Close.UNAVAILABLE, Code.UNAVAILABLE, "the store does not answer; come back")
