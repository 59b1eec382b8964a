"""What the topics said of a run."""

from collections import defaultdict
from dataclasses import dataclass, field

from ventanilla.contracts.billing import SessionChange, SessionChanged
from ventanilla.contracts.channel import (
    DeliveryStatus,
    Menu,
    MessageStatus,
    OutboundMessage,
    ReceivedMessage,
)
from ventanilla.contracts.conversation import (
    BotAnswered,
    Change,
    Conversation,
    ConversationChanged,
    ConversationQueued,
)
from ventanilla.contracts.event import Event

_SETTLED = frozenset(DeliveryStatus) - {DeliveryStatus.SENT}
"""Words after which a part is done with: taken, or given up."""


@dataclass
class Seen:
    """What the topics said since the start. Repeats of an event count once."""

    received: dict[str, ReceivedMessage] = field(default_factory=dict)
    """By event id."""
    answers: dict[str, BotAnswered] = field(default_factory=dict)
    """By correlation id, which is the id of the citizen's message."""
    to_agents: set[str] = field(default_factory=set)
    """Ids of citizens' messages that went to people."""
    outbound: dict[str, OutboundMessage] = field(default_factory=dict)
    by_cause: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Ids of outbound messages by the event that they answer."""
    menus: dict[str, OutboundMessage] = field(default_factory=dict)
    """The newest menu that went to each contact."""
    changes: dict[str, ConversationChanged] = field(default_factory=dict)
    caused: defaultdict[str, list[ConversationChanged]] = field(default_factory=lambda: defaultdict(list))
    """The same changes, by the event that caused them."""
    conversations: dict[str, Conversation] = field(default_factory=dict)
    """The newest conversation of each contact, as of its last announced change."""
    statuses: dict[str, MessageStatus] = field(default_factory=dict)
    settled: defaultdict[str, dict[int, MessageStatus]] = field(default_factory=lambda: defaultdict(dict))
    """By outbound message and part: what the provider said to the send."""
    sessions: dict[str, SessionChanged] = field(default_factory=dict)
    """By session id, its latest revision."""

    def note(self, event: Event) -> None:
        """Remember what a run is followed by; the rest is passed over."""
        match event:
            case ReceivedMessage():
                self.received[event.id] = event
            case BotAnswered():
                self.answers[event.correlation_id] = event
            case ConversationQueued(message=ReceivedMessage() as message):
                self.to_agents.add(message.id)
            case OutboundMessage() if event.id not in self.outbound:
                self.outbound[event.id] = event
                self.by_cause[event.cause_id].append(event.id)
                if isinstance(event.content, Menu):
                    self.menus[event.contact_id] = event
            case ConversationChanged() if event.id not in self.changes:
                self.changes[event.id] = event
                self.caused[event.cause_id].append(event)
                self._note_conversation(event.conversation)
            case MessageStatus():
                self.statuses[event.id] = event
                if event.message_id is not None and event.status in _SETTLED:
                    self.settled[event.message_id].setdefault(event.part, event)
            case SessionChanged():
                known = self.sessions.get(event.session_id)
                if known is None or event.revision > known.revision:
                    self.sessions[event.session_id] = event
            case _:
                pass

    def _note_conversation(self, conversation: Conversation) -> None:
        known = self.conversations.get(conversation.contact_id)
        place = (conversation.opened_at, conversation.revision)
        if known is None or place >= (known.opened_at, known.revision):
            self.conversations[conversation.contact_id] = conversation


def is_out(seen: Seen, message_id: str) -> bool:
    """Whether the provider has answered to every part of an outbound message."""
    parts = seen.settled.get(message_id)
    if not parts:
        return False
    first = next(iter(parts.values()))
    return len(parts) >= first.parts or any(
        status.status in (DeliveryStatus.FAILED, DeliveryStatus.REFUSED) for status in parts.values()
    )


def standing(session: SessionChanged) -> bool:
    return session.change is not SessionChange.VOIDED


def caused(seen: Seen, cause_id: str, *changes: Change) -> bool:
    """Whether an event made one of these changes."""
    return any(one.change in changes for one in seen.caused.get(cause_id, ()))
