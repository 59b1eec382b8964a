"""One contact's story for tests of the router: what happens to it, and what the router decides."""

from datetime import datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from router.catalogue import load_date_words
from router.domain.decision import decide
from router.domain.rules import Rules
from router.domain.state import RouterState
from support.messages import NOON, received
from ventanilla.contracts.channel import Channel, InboundContent, OutboundMessage, TextOut
from ventanilla.contracts.conversation import (
    Act,
    AgentActed,
    BotAnswered,
    BotOutcome,
    Change,
    ContactLinked,
    Conversation,
    ConversationChanged,
    ConversationQueued,
    ConversationTimer,
    Take,
)
from ventanilla.contracts.event import Event, derived_id
from ventanilla.institution import Institution, load_institution
from ventanilla.stream.decision import Output
from ventanilla.topics import AGENT_QUEUED, BOT_QUEUED

ANA, LUIS, EVA = "agente.rprh", "agente.comercio", "supervisora"
"""Two agents and a supervisor."""

CITIZEN = "a" * 32

_FILE = Path("deploy/config/cnr.yaml")


@cache
def institution() -> Institution:
    return load_institution(_FILE)


@cache
def cnr() -> Rules:
    return Rules.of(institution(), load_date_words("es-SV"))


def rules_with(**changes: Any) -> Rules:
    """The institution's rules with some parts of its file written otherwise."""
    written = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return Rules.of(Institution.model_validate({**written, **changes}), load_date_words("es-SV"))


class Story:
    """Feeds events to the router and keeps what it decides. Time passes only by `later`."""

    def __init__(
        self,
        rules: Rules | None = None,
        *,
        at: datetime = NOON,
        contact: str = CITIZEN,
        channel: Channel = Channel.WHATSAPP,
        account: str = "106540352242922",
    ) -> None:
        self.rules = rules or cnr()
        self.now = at
        self.contact = contact
        self.channel, self.account = channel, account
        self.state: RouterState | None = None
        self.events: list[Event] = []
        self.outputs: list[Output] = []
        self.news: tuple[Output, ...] = ()
        """What the last event caused."""
        self._number = count(1)

    # --- what happens -----------------------------------------------------------------------------------

    def later(self, **time: float) -> "Story":
        self.now += timedelta(**time)
        return self

    def feed(self, event: Event) -> "Story":
        decision = decide(self.rules, self.state, event)
        self.state, self.news = decision.state, decision.outputs
        self.events.append(event)
        self.outputs.extend(decision.outputs)
        return self

    def says(self, text: str = "hola", *, content: InboundContent | None = None) -> "Story":
        message = received(
            self.contact, next(self._number), text,
            at=self.now, content=content, channel=self.channel, account=self.account,
        )  # fmt: skip
        return self.feed(message)

    def bot(
        self,
        *texts: str,
        outcome: BotOutcome = BotOutcome.CONTINUE,
        turn: int | None = None,
        area: str | None = None,
        category: str | None = None,
        reason: str | None = None,
        conversation_id: str | None = None,
    ) -> "Story":
        return self.feed(
            BotAnswered(
                **self._envelope("bot"),
                conversation_id=conversation_id or self.conversation.id,
                turn=self.conversation.turn if turn is None else turn,
                replies=[TextOut(text=text) for text in texts],
                outcome=outcome,
                area=area,
                category=category,
                reason=reason,
            )
        )

    def hands_over(self, area: str | None = "rprh", *texts: str) -> "Story":
        return self.bot(*texts, outcome=BotOutcome.HANDOVER, area=area, reason="requested")

    def agent(
        self, act: Act, who: str = ANA, *, takeover: bool = False, conversation_id: str | None = None
    ) -> "Story":
        return self.feed(
            AgentActed(
                **self._envelope("agent"),
                conversation_id=conversation_id or self.conversation.id,
                agent_id=who,
                agent_name=who.capitalize(),
                act=act,
                takeover=takeover,
            )
        )

    def taken(self, who: str = ANA) -> "Story":
        return self.agent(Take(), who)

    def deadline(self) -> "Story":
        """The sweeper announces the deadline that the contact has now."""
        assert self.state is not None
        assert self.state.due_at is not None
        return self.feed(
            ConversationTimer(
                **{**self._envelope("timer"), "occurred_at": self.state.due_at},
                conversation_id=self.conversation.id,
                due_at=self.state.due_at,
            )
        )

    def linked(self, alias: str, canonical: str, *, merged: bool = True) -> "Story":
        """Ingest says that `alias` is `canonical`; the event is the same under both keys."""
        return self.feed(
            ContactLinked(
                **{**self._envelope("linked"), "id": derived_id("linked", alias, canonical)},
                alias_id=alias,
                canonical_id=canonical,
                merged=merged,
                channel=self.channel,
                account=self.account,
            )
        )

    def _envelope(self, kind: str) -> dict[str, Any]:
        identity = derived_id(kind, self.contact, str(next(self._number)))
        return {
            "id": identity,
            "occurred_at": self.now,
            "contact_id": self.contact,
            "correlation_id": "c-1",
        }

    # --- what came of it ------------------------------------------------------------------------------

    @property
    def conversation(self) -> Conversation:
        assert self.state is not None
        assert self.state.conversation is not None
        return self.state.conversation

    @property
    def said(self) -> list[str]:
        """Author and text of each message that the last event sent."""
        return [_line(event) for _, event in self.news if isinstance(event, OutboundMessage)]

    @property
    def changes(self) -> list[Change]:
        """The changes that the last event announced."""
        return [event.change for _, event in self.news if isinstance(event, ConversationChanged)]

    @property
    def change(self) -> ConversationChanged:
        """The last event's only change."""
        (found,) = (event for _, event in self.news if isinstance(event, ConversationChanged))
        return found

    @property
    def to_bot(self) -> list[ConversationQueued]:
        return [e for topic, e in self.news if topic is BOT_QUEUED and isinstance(e, ConversationQueued)]

    @property
    def to_agents(self) -> list[ConversationQueued]:
        return [e for topic, e in self.news if topic is AGENT_QUEUED and isinstance(e, ConversationQueued)]


def _line(message: OutboundMessage) -> str:
    content = message.content
    return f"{message.author.kind}: {content.text if isinstance(content, TextOut) else content.type}"
