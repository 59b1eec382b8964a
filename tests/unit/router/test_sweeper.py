"""Deadlines that pass while nothing happens are announced, and only those."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import cast

from router.domain.state import RouterState
from router.store import Deadlines
from router.sweeper import Sweeper
from support.conversations import CITIZEN, Story
from support.messages import NOON
from ventanilla.contracts.conversation import Change, ConversationTimer
from ventanilla.stream import Output, Stream
from ventanilla.topics import TIMER


class Due:
    """Stands for the store: one contact."""

    def __init__(self, story: Story) -> None:
        self.story = story

    async def passed(self, now: datetime, limit: int) -> AsyncIterator[tuple[str, RouterState]]:
        state = self.story.state
        if state is not None and state.due_at is not None and state.due_at <= now:
            yield CITIZEN, state


class Published:
    """Stands for the stream."""

    def __init__(self) -> None:
        self.outputs: list[Output] = []

    async def publish(self, *outputs: Output) -> None:
        self.outputs.extend(outputs)


def sweeper(story: Story, patience: float) -> tuple[Sweeper, Published]:
    published = Published()
    made = Sweeper(cast(Deadlines, Due(story)), cast(Stream, published), patience=timedelta(seconds=patience))
    return made, published


async def test_a_deadline_is_announced_with_its_own_time_and_then_takes_effect() -> None:
    story = Story().says().bot("Hola")
    made, published = sweeper(story, patience=0)
    assert await made.sweep(NOON + timedelta(minutes=59)) == 0
    assert await made.sweep(NOON + timedelta(minutes=75)) == 1
    ((topic, timer),) = published.outputs
    assert topic is TIMER
    assert isinstance(timer, ConversationTimer)
    assert timer.occurred_at == NOON + timedelta(minutes=60)
    assert story.feed(timer).changes == [Change.CLOSED]
    assert await made.sweep(NOON + timedelta(minutes=80)) == 0


async def test_after_an_outage_what_was_in_time_is_read_before_its_deadline_counts() -> None:
    story = Story().says().bot("Hola")
    made, published = sweeper(story, patience=30)
    after = NOON + timedelta(hours=3)  # the router was away, the citizen wrote in time
    assert await made.sweep(after) == 0
    story.later(minutes=59).says("sigo aquí").bot("Dígame")
    assert await made.sweep(after + timedelta(seconds=40)) == 0  # another deadline, watched anew
    assert await made.sweep(after + timedelta(seconds=80)) == 1
    assert published.outputs[0][1].occurred_at == NOON + timedelta(minutes=119)


async def test_an_announcement_made_twice_is_the_same_event() -> None:
    made, published = sweeper(Story().says().bot("Hola"), patience=0)
    for _ in range(2):
        await made.sweep(NOON + timedelta(hours=2))
    first, second = published.outputs
    assert first == second
