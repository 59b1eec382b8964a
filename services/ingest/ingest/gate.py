"""How much a channel takes in hand at a time. What is more is turned away before it is accepted.

A request that was let in is kept or refused within seconds, and it holds memory until then. So there may be
only so many of them, and only so many bytes of large ones. Beyond that the answer is "later", at once: that
costs next to nothing, and who sent it sends it again, as he must whenever he hears no 200.

A gate also says how intake is going, for `/health/ready`. Not thread-safe: everything happens on one loop.
"""

import time
from collections.abc import Callable

from ingest import metrics

SMALL = 64 * 1024
"""Bytes. A request of no more needs no room of its own: the number of connections bounds those."""

_WINDOW_SECONDS = 10.0
_TROUBLE_SECONDS = 30.0


class OverloadedError(Exception):
    """Not now. `reason` is the metric's label: `requests` or `bytes`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Room:
    """The bytes that one request holds. To be given back by `leave`."""

    __slots__ = ("_gate", "_held")

    def __init__(self, gate: "Gate") -> None:
        self._gate = gate
        self._held = 0

    def hold(self, size: int) -> None:
        """The request has this many bytes by now. Raises `OverloadedError`, and then holds what it held."""
        if size > SMALL:
            self._gate._take(size - self._held)
            self._held = size

    def leave(self) -> None:
        self._gate._bytes -= self._held
        self._held = 0


class Gate:
    """Of one channel. At most `requests` in hand (`with gate`), and `large_bytes` held by large ones."""

    def __init__(
        self, channel: str, requests: int, large_bytes: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._channel = channel
        self._requests = requests
        self._large_bytes = large_bytes
        self._clock = clock
        self._working = 0
        self._bytes = 0
        self._shed = _Recently(clock)
        self._failed = _Recently(clock)
        self._failing_since: float | None = None
        self._counters = {reason: metrics.SHED.labels(channel, reason) for reason in ("requests", "bytes")}
        metrics.IN_WORK.labels(channel).set_function(lambda: self._working)
        metrics.LARGE_BYTES.labels(channel).set_function(lambda: self._bytes)

    def check(self) -> None:
        """Whether there is a place to work, before anything is read. Raises `OverloadedError`."""
        if self._working >= self._requests:
            raise self._overloaded("requests")

    def __enter__(self) -> None:
        """A place to work, for as long as the context lasts. Raises `OverloadedError`."""
        self.check()
        self._working += 1

    def __exit__(self, *_: object) -> None:
        self._working -= 1

    def room(self) -> Room:
        """For a request that is about to be read."""
        return Room(self)

    def kept(self) -> None:
        """Something is in Kafka."""
        self._failing_since = None

    def failed(self) -> None:
        """Something could not be kept, because an engine did not take it."""
        self._failed.one_more()
        if self._failing_since is None:
            self._failing_since = self._clock()

    def trouble(self) -> str | None:
        """Nothing can be kept, and that for long: who balances loads should try another replica.

        It is over when something was kept, or when nobody has tried for a while: then somebody should.
        """
        if self._failing_since is None or not self._failed.count():
            return None
        seconds = self._clock() - self._failing_since
        if seconds < _TROUBLE_SECONDS:
            return None
        return f"{self._channel}: nothing could be kept for {seconds:.0f} s: Kafka or the store takes nothing"

    def strain(self) -> str | None:
        """Some of what comes is turned away. Still ready: another replica would only get this one's load."""
        shed = self._shed.count()
        if not shed:
            return None
        return (
            f"{self._channel}: overloaded for {self._shed.seconds():.0f} s: {shed} turned away lately, "
            f"{self._working} of {self._requests} places and {self._bytes} of {self._large_bytes} bytes taken"
        )

    def _take(self, size: int) -> None:
        if self._bytes + size > self._large_bytes:
            raise self._overloaded("bytes")
        self._bytes += size

    def _overloaded(self, reason: str) -> OverloadedError:
        self._counters[reason].inc()
        self._shed.one_more()
        return OverloadedError(reason)


class _Recently:
    """How often something happened in the last ten to twenty seconds, and since when without a break."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._window = -2
        self._now = 0
        self._before = 0
        self._since = 0.0

    def one_more(self) -> None:
        self._turn()
        if not (self._now or self._before):
            self._since = self._clock()
        self._now += 1

    def count(self) -> int:
        self._turn()
        return self._now + self._before

    def seconds(self) -> float:
        return self._clock() - self._since

    def _turn(self) -> None:
        window = int(self._clock() // _WINDOW_SECONDS)
        if window != self._window:
            self._before = self._now if window == self._window + 1 else 0
            self._now, self._window = 0, window
