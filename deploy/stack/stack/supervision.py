"""The children of one stack as a whole: started together, watched together, stopped in order."""

import asyncio
import signal
from collections.abc import Mapping

import httpx

from stack.engines import Engine, Engines
from stack.logs import readable
from stack.processes import Child, Show, ending
from stack.services import ALL, SANDBOX

READY_SECONDS = 180.0
"""Six interpreters start at once; on a small machine with a cold disk that takes a while."""
_SERVICE_GRACE_SECONDS = 40.0
"""A service drains for up to 30 s (see `ventanilla.service` and `ventanilla.stream`)."""
_POLL_SECONDS = 0.25


class NotReadyError(Exception):
    """Something did not become ready in time; the message names each, with its own reason."""


class Supervision:
    """The services and the sandbox, and the embedded engines if there are any."""

    def __init__(self, show: Show, engines: Engines | None) -> None:
        self.children: list[Child] = []
        self.engines = engines
        self._show = show

    async def start(self, environment: Mapping[str, str]) -> None:
        for service in ALL:
            self.children.append(await Child.start(service, environment, self._show))

    async def ready(self, seconds: float = READY_SECONDS) -> None:
        """Waits until every child is ready. Raises `NotReadyError` after `seconds`."""
        waiting: dict[str, str] = {}
        try:
            async with asyncio.timeout(seconds), httpx.AsyncClient() as client:
                while True:
                    reasons = await asyncio.gather(*(child.unready(client) for child in self.children))
                    waiting = {
                        child.name: reason
                        for child, reason in zip(self.children, reasons, strict=True)
                        if reason is not None
                    }
                    if not waiting:
                        return
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            lines = [f"{name}: {reason}" for name, reason in waiting.items()]
            raise NotReadyError("\n  ".join([f"not ready after {seconds:.0f} s:", *lines])) from None

    async def failure(self) -> str:
        """Waits until a child or an engine ends by itself; tells which, how, and its last lines."""
        watches = [asyncio.create_task(self._child_failure(child)) for child in self.children]
        if self.engines is not None:
            watches.append(asyncio.create_task(self._engine_failure(self.engines)))
        try:
            done, _ = await asyncio.wait(watches, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            for watch in watches:
                watch.cancel()

    async def stop(self, hurry: asyncio.Event) -> None:
        """The services drain first, then the sandbox that they still deliver to, then the engines.

        When `hurry` is set meanwhile, services are killed. The engines are not: they would lose data.
        """
        impatient = asyncio.create_task(self._kill_when(hurry))
        services = [child for child in self.children if child.service is not SANDBOX]
        sandbox = [child for child in self.children if child.service is SANDBOX]
        for stage in (services, sandbox):
            await asyncio.gather(*(child.stop(_SERVICE_GRACE_SECONDS) for child in stage))
        impatient.cancel()
        if self.engines is not None:
            await asyncio.to_thread(self.engines.stop)

    async def _kill_when(self, hurry: asyncio.Event) -> None:
        await hurry.wait()
        for child in self.children:
            child.signal(signal.SIGKILL)

    async def _child_failure(self, child: Child) -> str:
        status = await child.ended()
        lines = [readable(child.name, line).plain for line in child.last_lines]
        return _story(f"{child.name} {ending(status)}", lines)

    async def _engine_failure(self, engines: Engines) -> str:
        while True:
            for engine in engines.both:
                if (status := engine.process.poll()) is not None:
                    return _story(f"the embedded {engine.name} {ending(status)}", _lines_of(engine))
            await asyncio.sleep(_POLL_SECONDS)


def _lines_of(engine: Engine) -> list[str]:
    return [*engine.last_lines(), f"(all of it: {engine.log})"]


def _story(what: str, lines: list[str]) -> str:
    told = "; its last lines:" if lines else "; it wrote nothing"
    return "\n  ".join([what + told, *lines])
