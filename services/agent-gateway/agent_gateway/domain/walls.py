"""Areas are walls: who sees which conversation.

A queue stands behind the wall of its area; a queue without an area is a wall of its own, under its own id. A
conversation stands where its queue stands; before it has a queue, where its area stands; before it has an
area, where the default queue stands. An account lists the walls that it sees behind: ids of areas, and of
queues without an area, or `*`.

The store keeps a conversation's *place*: a word for where it is, free of the institution's file, so that a
change of the file moves walls at once. `places` and `sees` are the same rule, for queries and for one.
"""

from agent_gateway.domain.viewer import Viewer
from ventanilla.institution import Institution

NOWHERE = "nowhere"
"""The place of a conversation with neither queue nor area: the bot does not know yet what it is about."""


def place(queue: str | None, area: str | None) -> str:
    """Where a conversation is."""
    if queue is not None:
        return f"queue:{queue}"
    return f"area:{area}" if area is not None else NOWHERE


def wall_of_queue(institution: Institution, queue: str) -> str | None:
    """None: the institution has no such queue (any more)."""
    found = institution.queues.get(queue)
    return None if found is None else found.area or queue


def wall_of_place(institution: Institution, where: str) -> str | None:
    """None: the file does not know the place, so only who sees everything sees it."""
    kind, _, name = where.partition(":")
    if kind == "queue":
        return wall_of_queue(institution, name)
    if kind == "area":
        return name if name in institution.areas else None
    return wall_of_queue(institution, institution.default_queue)


def walls(institution: Institution) -> list[str]:
    """Every name that an account's areas may have, besides `*`."""
    alone = [name for name, queue in institution.queues.items() if queue.area is None]
    return [*institution.areas, *(name for name in alone if name not in institution.areas)]


def sees(viewer: Viewer, institution: Institution, where: str) -> bool:
    """Whether the viewer may know that a conversation at this place exists."""
    return viewer.unlimited or wall_of_place(institution, where) in viewer.areas


def places(viewer: Viewer, institution: Institution) -> list[str] | None:
    """All places that the viewer sees, for a query; None: no limit."""
    if viewer.unlimited:
        return None
    every = [NOWHERE, *(place(queue, None) for queue in institution.queues)]
    every += [place(None, area) for area in institution.areas]
    return [where for where in every if sees(viewer, institution, where)]


def queues(viewer: Viewer, institution: Institution) -> list[str]:
    """The queues that the viewer works in, in the file's order."""
    return [queue for queue in institution.queues if sees(viewer, institution, place(queue, None))]
