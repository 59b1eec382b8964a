"""The router's own metrics. Labels hold names of the institution's file and contract words, never an id."""

from functools import cache

from prometheus_client import Counter

from ventanilla.contracts.channel import OutboundMessage
from ventanilla.contracts.conversation import ConversationChanged
from ventanilla.stream import Output

CHANGES = Counter(
    "ventanilla_router_changes_total",
    "Changes of conversations: opened, queued (handed over to people), closed, act_refused ...",
    ["change", "channel", "area"],
)
SPOKEN = Counter(
    "ventanilla_router_outbound_total", "Messages sent on, by who wrote them", ["author", "channel"]
)
TIMERS = Counter("ventanilla_router_timers_total", "Deadlines that the sweeper announced")


@cache  # a child costs three times what counting does
def _changes(change: str, channel: str, area: str) -> Counter:
    return CHANGES.labels(change, channel, area)


@cache
def _spoken(author: str, channel: str) -> Counter:
    return SPOKEN.labels(author, channel)


def count(outputs: tuple[Output, ...]) -> None:
    """Count what was decided. A decision that must be made again, after a lost write, counts again."""
    for _, event in outputs:
        if isinstance(event, ConversationChanged):
            conversation = event.conversation
            _changes(event.change.value, conversation.channel.value, conversation.area or "none").inc()
        elif isinstance(event, OutboundMessage):
            _spoken(event.author.kind, event.channel.value).inc()
