"""Tells the rest of this process that the projection wrote something."""

import asyncio


class Landings:
    """What is announced here wakes who waits here; other replicas' writes are seen by polling the store."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def announce(self) -> None:
        landed, self._next = self._next, asyncio.Event()
        landed.set()

    async def wait(self, seconds: float) -> None:
        """Returns at the next landing, or when the time is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._next.wait()
        except TimeoutError:
            return
