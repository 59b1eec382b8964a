"""To which conversation an echo belongs: it bears a contact and a time, and no more. Pure."""

from collections.abc import Iterable
from datetime import datetime

from ventanilla.contracts.conversation import Conversation


def conversation_at(at: datetime, conversations: Iterable[Conversation]) -> Conversation | None:
    """Of a contact's conversations: the last that was opened by then, else the first that was opened later.

    So what an institution writes before anybody answers stands above the answer. None: there is none yet.
    """
    ordered = sorted(conversations, key=lambda one: (one.opened_at, one.id))
    before = [one for one in ordered if one.opened_at <= at]
    if before:
        return before[-1]
    return ordered[0] if ordered else None
