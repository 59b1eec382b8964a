"""Ending tasks for certain."""

import asyncio
from collections.abc import Iterable
from typing import Any

_ASK_AGAIN_SECONDS = 0.1


async def end(tasks: Iterable[asyncio.Task[Any]]) -> list[BaseException]:
    """Cancels the tasks, waits until each is over, and returns what they raised besides the cancellation.

    One request is not always enough: until Python 3.12 `asyncio.wait_for`, which drivers use, may take a
    cancellation that comes together with its result for that result, and the task goes on. So it is repeated.
    """
    everyone = list(tasks)
    while running := [task for task in everyone if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=_ASK_AGAIN_SECONDS)
    return [error for task in everyone if not task.cancelled() and (error := task.exception()) is not None]
