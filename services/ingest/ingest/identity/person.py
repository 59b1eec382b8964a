"""Somebody who wrote or was written to, by every id that the provider showed of him."""

from datetime import datetime
from typing import NamedTuple

from ventanilla.contracts.channel import Channel


class Person(NamedTuple):
    """`ids`, at least one: telephone numbers before user ids, older before newer, none twice.

    `number`, `user_id` and `group_id` are where he is reached from now on; `at` is the provider's time (UTC)
    of the message that says so.
    """

    channel: Channel
    account: str
    ids: tuple[str, ...]
    at: datetime
    number: str | None = None
    user_id: str | None = None
    group_id: str | None = None
    name: str | None = None
