"""A wire between a service and an engine that a test can cut, stop or slow down.

A thread of its own, so that a test's event loop, or none, does not matter.
"""

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from enum import Enum
from typing import Any, Self

from stack.engines import HOST, free_port

_CHUNK = 64 * 1024


class Wire(Enum):
    """What becomes of bytes."""

    SOUND = "sound"
    CUT = "cut"  # connections end and new ones are refused: a host that is down
    SILENT = "silent"  # connections stay and nothing passes: a firewall that drops


class Proxy:
    """Listens on `port` of the loopback interface, and connects to `target` there for each connection."""

    def __init__(self, target: int, port: int | None = None) -> None:
        self.target = target
        self.port = port or free_port()
        self._delay = 0.0
        self._passes = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._cut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def set(self, wire: Wire, delay_seconds: float = 0.0) -> None:
        """At once, on open connections too. `delay_seconds` is added to every chunk, each way."""
        self._do(self._set(wire, delay_seconds))

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _set(self, wire: Wire, delay: float) -> None:
        self._delay = delay
        if wire is Wire.SILENT:
            self._passes.clear()
        if wire is Wire.CUT:
            await self._cut()
        elif self._server is None:
            await self._listen()
        if wire is Wire.SOUND:
            self._passes.set()

    async def _listen(self) -> None:
        self._passes.set()
        self._server = await asyncio.start_server(self._connected, HOST, self.port)

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "called by the server in a task"
        self._open.add(task)
        other: asyncio.StreamWriter | None = None
        try:
            back, other = await asyncio.open_connection(HOST, self.target)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, other))
                both.create_task(self._pass(back, writer))
        except* (OSError, _EndedError):
            pass
        finally:
            self._open.discard(task)
            for end in (writer, other):
                if end is not None:
                    end.close()
                    with suppress(OSError):
                        end.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(_CHUNK):
            if self._delay:
                await asyncio.sleep(self._delay)
            await self._passes.wait()
            writer.write(chunk)
            await writer.drain()
        raise _EndedError  # one end closed: so does the other


class _EndedError(Exception):
    """Ends the task group of a connection."""
