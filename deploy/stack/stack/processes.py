"""One child process of the stack: its start, its lines, its readiness, its end."""

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import Callable, Mapping

import httpx

from stack.services import Service

Show = Callable[[str, str], None]
"""Takes a service's name and a line that it wrote."""

_LINE_LIMIT = 1 << 20
"""A longer line is cut into pieces: what a child writes must never fill our memory."""
_KEPT_LINES = 15


class Child:
    """A running service. Its two outputs are read together, line by line, as long as it lives."""

    def __init__(self, service: Service, url: str, process: asyncio.subprocess.Process, show: Show) -> None:
        self.service = service
        self.url = url
        self.last_lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._process = process
        self._show = show
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, service: Service, environment: Mapping[str, str], show: Show) -> "Child":
        """Its own session: a terminal's Ctrl-C reaches the stack alone, which then stops all in order."""
        process = await asyncio.create_subprocess_exec(
            *service.command,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        return cls(service, service.url(environment), process, show)

    @property
    def name(self) -> str:
        return self.service.name

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        return self._process.returncode

    async def ended(self) -> int:
        """Waits until it has ended and its last line is read; returns its exit status."""
        status = await self._process.wait()
        with contextlib.suppress(TimeoutError):
            # A grandchild may still hold the pipe.
            await asyncio.wait_for(asyncio.shield(self._reading), 2)
        return status

    async def stop(self, grace_seconds: float) -> None:
        """SIGTERM, and SIGKILL after `grace_seconds`."""
        self.signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), grace_seconds)
        except TimeoutError:
            self._show(self.name, f"did not stop within {grace_seconds:.0f} s: killed")
            self.signal(signal.SIGKILL)
            await self._process.wait()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    def signal(self, number: signal.Signals) -> None:
        """Harmless when it has ended."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    async def unready(self, client: httpx.AsyncClient) -> str | None:
        """Why it is not ready, in its own words where it has any; None when it is."""
        return await unready(client, self.url)

    async def _read(self) -> None:
        output = self._process.stdout
        assert output is not None, "started with a pipe"
        rest = b""
        while chunk := await output.read(65536):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > _LINE_LIMIT:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._line(line)
        if rest:
            self._line(rest)

    def _line(self, raw: bytes) -> None:
        line = raw.decode(errors="replace").rstrip()
        if line:
            self.last_lines.append(line)
            self._show(self.name, line)


async def unready(client: httpx.AsyncClient, url: str) -> str | None:
    """Why the service at `url` is not ready; None when it is. Never raises."""
    try:
        answer = await client.get(f"{url}/health/ready", timeout=3)
    except httpx.HTTPError as error:
        return f"does not answer ({type(error).__name__})"
    if answer.status_code == 200:
        return None
    try:
        problems = answer.json()["problems"]
    except (ValueError, KeyError, TypeError):
        return f"answers {answer.status_code}"
    return "; ".join(str(problem) for problem in problems)


def ending(status: int) -> str:
    """`ended with status 3`, or `was killed by SIGKILL`."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"
