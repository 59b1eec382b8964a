"""Chats with the bot, played turn by turn without any engine.

A chat is text: `>` what the citizen does, `<` a part of what the bot answers, in order.
    > hola                      writes
    > [area:rprh]               presses the option of that id
    > (audio)                   sends a content of that type
    < Bienvenid                 one of the turn's replies contains this
    < {handover requested}      the turn's outcome and reason
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.domain.assistant import Assistant
from bot.domain.dialogue import Dialogue
from ventanilla.contracts.channel import (
    Channel,
    Choice,
    ContactCards,
    InboundContent,
    Location,
    Media,
    Menu,
    Reaction,
    ReceivedMessage,
    Template,
    Text,
    Unknown,
)
from ventanilla.contracts.conversation import (
    BotAnswered,
    Conversation,
    ConversationQueued,
    ConversationState,
    QueuedReason,
)

MORNING = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)

_CONTENTS: dict[str, InboundContent] = {
    "image": Media(type="image", media_id="1"),
    "audio": Media(type="audio", media_id="2", voice=True),
    "video": Media(type="video", media_id="3"),
    "document": Media(type="document", media_id="4", filename="escritura.pdf"),
    "sticker": Media(type="sticker", media_id="5"),
    "location": Location(latitude=13.7, longitude=-89.2),
    "contacts": ContactCards(cards=[]),
    "unknown": Unknown(provider_type="poll"),
    "reaction": Reaction(provider_message_id="wamid.1", emoji="👍"),
}


def queued(
    content: InboundContent | None, turn: int, conversation: str = "c1", contact: str = "contact"
) -> ConversationQueued:
    """The router's word that it is the bot's turn."""
    message = None
    if content is not None:
        message = ReceivedMessage(
            id=f"{conversation}-m{turn}",
            occurred_at=MORNING,
            contact_id=contact,
            correlation_id=f"correlation-{turn}",
            channel=Channel.WHATSAPP,
            account="1",
            provider_message_id=f"wamid.{turn}",
            content=content,
            received_at=MORNING,
        )
    return ConversationQueued(
        id=f"{conversation}-q{turn}",
        occurred_at=MORNING,
        contact_id=contact,
        correlation_id=f"correlation-{turn}",
        conversation=Conversation(
            id=conversation,
            contact_id=contact,
            channel=Channel.WHATSAPP,
            account="1",
            state=ConversationState.WITH_BOT,
            revision=turn,
            opened_at=MORNING,
            state_since=MORNING,
            last_inbound_at=MORNING,
            turn=turn,
        ),
        reason=QueuedReason.MESSAGE,
        message=message,
    )


@dataclass
class Chat:
    """One conversation with the bot, remembered between turns."""

    assistant: Assistant
    state: Dialogue | None = None
    turn: int = 0
    answers: list[BotAnswered] = field(default_factory=list)

    def send(self, content: InboundContent) -> BotAnswered | None:
        """The bot's answer to this content, or None when it stays silent."""
        self.turn += 1
        decision = self.assistant.decide(self.state, queued(content, self.turn))
        self.state = decision.state
        answered = [event for _, event in decision.outputs if isinstance(event, BotAnswered)]
        assert len(answered) <= 1
        self.answers.extend(answered)
        return answered[0] if answered else None

    def say(self, text: str) -> BotAnswered:
        answered = self.send(Text(text=text))
        assert answered is not None
        return answered

    def press(self, option_id: str, title: str = "?") -> BotAnswered:
        answered = self.send(Choice(kind="list_reply", choice_id=option_id, title=title))
        assert answered is not None
        return answered


def words(answered: BotAnswered) -> str:
    """Everything that the citizen reads in an answer, options too."""
    lines: list[str] = []
    for reply in answered.replies:
        assert not isinstance(reply, Template)
        lines.append(reply.text)
        if isinstance(reply, Menu):
            lines.extend(option.title for option in reply.options)
    return "\n".join(lines)


def play(assistant: Assistant, script: str) -> Chat:
    """Play a written chat; fails at the first line that is not as written."""
    chat = Chat(assistant)
    answered: BotAnswered | None = None
    for line in filter(None, map(str.strip, script.splitlines())):
        sign, said = line[0], line[2:]
        if sign == ">":
            answered = chat.send(_content(said))
            continue
        if said == "{silence}":
            assert answered is None, f"the bot answered: {answered}"
            continue
        assert answered is not None, f"the bot stayed silent before: {said}"
        shown = f"{words(answered)}\n{{{answered.outcome} {answered.reason}}}"
        assert said in shown, f"expected {said!r} in:\n{shown}"
    return chat


def _content(said: str) -> InboundContent:
    if said.startswith("["):
        return Choice(kind="list_reply", choice_id=said[1:-1], title="?")
    if said.startswith("(") and said[1:-1] in _CONTENTS:
        return _CONTENTS[said[1:-1]]
    return Text(text=said)
