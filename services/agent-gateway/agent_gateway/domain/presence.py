"""Who is at the desk. A state is what somebody chose; it holds while a heartbeat says that he is there."""

from datetime import datetime, timedelta
from enum import StrEnum


class Presence(StrEnum):
    AVAILABLE = "available"
    BUSY = "busy"
    AWAY = "away"
    OFFLINE = "offline"
    """Never chosen: what remains of any state when the heartbeats stop, or at the end of the session."""


CHOICES = frozenset({Presence.AVAILABLE, Presence.BUSY, Presence.AWAY})

HEARTBEAT = timedelta(seconds=15)
"""How often an open page says that somebody is there."""

EXPIRES_AFTER = 3 * HEARTBEAT


def effective(chosen: Presence, heartbeat_at: datetime, now: datetime) -> Presence:
    """What others see: the chosen state, or offline when the last heartbeat is too old."""
    return chosen if now - heartbeat_at < EXPIRES_AFTER else Presence.OFFLINE


def on_arrival(chosen: Presence | None) -> Presence:
    """The state of somebody who opens the desk: what he last chose, and available the first time."""
    return chosen if chosen in CHOICES else Presence.AVAILABLE
