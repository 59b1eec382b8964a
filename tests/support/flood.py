"""A provider that sends far more webhooks than anybody can take: its own process, so that it is no limit.

`python -m support.flood URL RATE SECONDS CONNECTIONS PREFIX` sends signed webhooks of one message each, RATE
a second whatever is answered (0: as fast as answers come), prints a `Tide` as JSON, and before it a line with
the numbers of the messages that were accepted.
"""

import asyncio
import hmac
import json
import os
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import cast
from urllib.parse import urlsplit

import uvloop

from stack.state import CHECKOUT
from support.fleet import SECRET
from support.whatsapp import change, contact, message, raw, webhook

_CITIZENS = 60
_TICK_SECONDS = 0.005
_LAST_ANSWERS_SECONDS = 30.0
_NUMBER, _WAMID, _NOW = "50352000001", "wamid.flood", "1700000001"
_TEXT = "quiero hablar con una persona"
"""Who floods waits in a queue: to deliver an answer to each would take far longer than the flood."""
_TEMPLATE = raw(
    webhook(
        change(
            contacts=[contact("Ana", _NUMBER)],
            messages=[message(from_=_NUMBER, id=_WAMID, timestamp=_NOW, content={"body": _TEXT})],
        )
    )
)


@dataclass
class Tide:
    """What became of a flood. Seconds from a request's first byte out to its answer."""

    offered: int = 0
    sent: int = 0
    """The others found no connection free: a real provider keeps those for later."""
    answers: dict[str, int] = field(default_factory=dict)
    """By HTTP status; `0` for a connection that ended without an answer."""
    without_retry_after: int = 0
    """Answers of 503 that do not say when to come again."""
    seconds: float = 0.0
    median_200: float = 0.0
    median_503: float = 0.0
    slowest: float = 0.0
    accepted: list[int] = field(default_factory=list, repr=False)

    @property
    def accepted_a_second(self) -> float:
        return len(self.accepted) / self.seconds


async def flood(url: str, rate: float, seconds: float, connections: int, prefix: str) -> Tide:
    """Runs one in a process of its own, and waits for its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "support.flood", url, str(rate), str(seconds), str(connections), prefix,
        stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(CHECKOUT / "tests")},
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0, "the flood ended early"
    accepted, summary = output.splitlines()
    return Tide(**json.loads(summary), accepted=json.loads(accepted))


def wamid(prefix: str, number: int) -> str:
    """The provider's id of a flood's message."""
    return f"wamid.{prefix}.{number}"


class _Connection(asyncio.Protocol):
    def __init__(self, sender: "_Sender") -> None:
        self._sender = sender
        self._heard = b""
        self._begun = 0.0
        self.number = -1
        """Of the message that is on its way, or -1."""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class
        self._sender.idle.append(self)

    def ask(self, number: int) -> None:
        assert self.transport is not None, "idle ones are connected"
        self.number, self._begun = number, time.perf_counter()
        self.transport.write(self._sender.request(number))

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, end, body = self._heard.partition(b"\r\n\r\n")
        if not end:
            return
        head = head.lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        if len(body) < length:
            return
        self._heard = b""
        number, self.number = self.number, -1
        self._sender.answered(number, head, time.perf_counter() - self._begun)
        self._sender.free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self.number >= 0:
            self._sender.answered(self.number, b"", 0.0)
            self.number = -1
        elif self in self._sender.idle:
            self._sender.idle.remove(self)
        self._sender.reconnect()


class _Sender:
    def __init__(self, url: str, prefix: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._prefix = prefix
        self._now = str(int(time.time()))
        self._loop = asyncio.get_running_loop()
        self._key = hmac.new(SECRET.encode(), digestmod=sha256)
        self.idle: list[_Connection] = []
        self.tide = Tide()
        self.statuses: Counter[str] = Counter()
        self.times: dict[str, list[float]] = {"200": [], "503": []}
        self.closing = False
        self.eager = False
        self.next = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def request(self, number: int) -> bytes:
        body = (
            _TEMPLATE.replace(_NUMBER.encode(), b"50352%06d" % (number % _CITIZENS))
            .replace(_WAMID.encode(), wamid(self._prefix, number).encode())
            .replace(_NOW.encode(), self._now.encode())
        )
        signing = self._key.copy()
        signing.update(body)
        return (
            b"POST /webhooks/whatsapp HTTP/1.1\r\nHost: ingest\r\nContent-Type: application/json\r\n"
            b"X-Hub-Signature-256: sha256=%b\r\nContent-Length: %d\r\n\r\n%b"
            % (signing.hexdigest().encode(), len(body), body)
        )

    def answered(self, number: int, head: bytes, seconds: float) -> None:
        status = head[9:12].decode() or "0"
        self.statuses[status] += 1
        self.tide.slowest = max(self.tide.slowest, seconds)
        if status in self.times:
            self.times[status].append(seconds)
        if status == "200":
            self.tide.accepted.append(number)
        elif status == "503" and b"\r\nretry-after: " not in head:
            self.tide.without_retry_after += 1

    def free(self, connection: _Connection) -> None:
        if self.eager and not self.closing:
            self.ask(connection)
        else:
            self.idle.append(connection)

    def ask(self, connection: _Connection) -> None:
        self.tide.sent += 1
        self.next += 1
        connection.ask(self.next)

    def reconnect(self) -> None:
        if not self.closing:
            task = self._loop.create_task(self.connect())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def connect(self) -> None:
        while not self.closing:
            try:
                await self._loop.create_connection(lambda: _Connection(self), self._host, self._port)
                return
            except OSError:
                await asyncio.sleep(0.5)


async def _flow(url: str, rate: float, seconds: float, connections: int, prefix: str) -> Tide:
    sender = _Sender(url, prefix)
    await asyncio.gather(*(sender.connect() for _ in range(connections)))
    everybody = list(sender.idle)
    tide, begun = sender.tide, time.perf_counter()
    if not rate:
        sender.eager = True
        idle, sender.idle = sender.idle, []
        for connection in idle:
            sender.ask(connection)
        await asyncio.sleep(seconds)
        tide.offered = tide.sent
    else:
        while (passed := time.perf_counter() - begun) < seconds:
            due = int(passed * rate) - tide.offered
            tide.offered += due
            for _ in range(min(due, len(sender.idle))):
                sender.ask(sender.idle.pop())
            await asyncio.sleep(_TICK_SECONDS)
    tide.seconds = time.perf_counter() - begun
    sender.closing = True
    deadline = time.perf_counter() + _LAST_ANSWERS_SECONDS
    while tide.sent > sender.statuses.total() and time.perf_counter() < deadline:
        await asyncio.sleep(0.05)
    for connection in everybody + sender.idle:
        if connection.transport is not None:
            connection.transport.close()
    tide.answers = dict(sender.statuses)
    tide.median_200, tide.median_503 = (
        sorted(times)[len(times) // 2] if times else 0.0 for times in sender.times.values()
    )
    return tide


if __name__ == "__main__":
    url, rate, seconds, connections, prefix = sys.argv[1:]
    found = asdict(uvloop.run(_flow(url, float(rate), float(seconds), int(connections), prefix)))
    accepted = found.pop("accepted")
    sys.stdout.write(f"{json.dumps(accepted)}\n{json.dumps(found)}\n")
