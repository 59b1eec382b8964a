"""One turn: from what was heard to what is answered."""

from dataclasses import dataclass, replace

from bot.domain.dialogue import Dialogue, Offered
from bot.domain.hearing import Chosen, Heard, Said, Silence, Unreadable, hear
from bot.domain.menus import TO_MENU, TO_PERSON, Menus
from bot.knowledge import Fact, Knowledge
from bot.texts import Texts
from bot.understanding import FAREWELL, GREETING, OUTSIDE, PERSON, TOPIC, Understander, Understanding
from ventanilla.contracts.channel import Menu, OutboundContent, TextOut
from ventanilla.contracts.conversation import BotAnswered, BotOutcome, ConversationQueued
from ventanilla.contracts.event import Event, derived_id
from ventanilla.institution import Institution
from ventanilla.stream.decision import Decision
from ventanilla.topics import BOT_ANSWERED

_SURELY_OUTSIDE = 0.8
"""From this confidence on the bot says that a subject is not its own; below, that it did not understand."""

MISSED = frozenset({"unreadable", "outside", "not_understood", "no_fact", "misses"})
"""The reasons of turns that did not help; `misses` is the one that was one too many."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot says in one turn, and what it then remembers."""

    replies: tuple[OutboundContent, ...]
    reason: str
    outcome: BotOutcome = BotOutcome.CONTINUE
    area: str | None = None
    category: str | None = None
    confidence: float | None = None
    missed: bool = False
    sources: tuple[str, ...] = ()


class Assistant:
    """The bot's mind, the same for every conversation: an institution, its facts, its words."""

    def __init__(
        self, institution: Institution, knowledge: Knowledge, understander: Understander, texts: Texts
    ) -> None:
        self._institution = institution
        self._knowledge = knowledge
        self._understander = understander
        self._texts = texts
        self._menus = Menus(institution, texts)
        self._known_ids = self._menus.known_ids(knowledge)

    def decide(self, state: Dialogue | None, event: Event) -> Decision[Dialogue]:
        """Answer a turn once: one that was answered already changes nothing."""
        if not isinstance(event, ConversationQueued):
            raise TypeError(f"the bot does not read {type(event).__name__}")
        conversation = event.conversation
        dialogue = state
        if dialogue is None or dialogue.conversation_id != conversation.id:
            dialogue = Dialogue.begin(conversation)
        if conversation.turn <= dialogue.turn:
            return Decision(state)
        heard = self._hear(dialogue, event)
        if isinstance(heard, Silence):
            return Decision(dialogue.model_copy(update={"turn": conversation.turn}))
        answer = self._within_patience(dialogue, self._answer(dialogue, heard))
        if not dialogue.greeted:
            answer = self._greeting_first(answer)
        return Decision(
            _after(dialogue, conversation.turn, answer), ((BOT_ANSWERED, _proposal(event, answer)),)
        )

    def _hear(self, dialogue: Dialogue, event: ConversationQueued) -> Heard:
        if event.message is None:
            return Chosen(TO_MENU)  # given back to the bot without a word of the citizen's
        return hear(event.message.content, dialogue.options, self._known_ids, self._texts)

    def _answer(self, dialogue: Dialogue, heard: Chosen | Said | Unreadable) -> Answer:
        match heard:
            case Chosen(option_id):
                return self._chosen(dialogue, option_id)
            case Said(text):
                return self._said(dialogue, text)
            case Unreadable(kind):
                named = self._texts.kinds.get(kind, self._texts.kinds["unknown"])
                text = self._texts.unreadable.format(kind=named)
                return self._miss(dialogue, self._menus.areas(text), "unreadable")

    # --- choices ------------------------------------------------------------------------------------

    def _chosen(self, dialogue: Dialogue, option_id: str) -> Answer:
        kind, _, key = option_id.partition(":")
        if option_id == TO_PERSON or (kind, key) == ("category", PERSON):
            return self._hand_over(dialogue.area, dialogue.category)
        if kind == "fact" and (fact := self._knowledge.get(key)):
            return self._tell(fact, fact.area or dialogue.area, None)
        if kind == "area":
            if dialogue.category is not None and dialogue.area is None:
                return self._open(key, dialogue.category, None)  # the answer to "of which registry?"
            return self._ask_category(key, "menu", None)
        if kind == "category":
            if dialogue.area is None:
                return self._ask_area(key, "menu", None)
            return self._open(dialogue.area, key, None)
        return Answer((self._menus.areas(self._texts.choose_area),), "menu")

    # --- sentences ----------------------------------------------------------------------------------

    def _said(self, dialogue: Dialogue, text: str) -> Answer:
        reading = self._understander.understand(text)
        sure = reading.confidence
        area = reading.area or dialogue.area
        if reading.intent == PERSON:
            return self._hand_over(area, dialogue.category, sure)
        if reading.intent == OUTSIDE:
            return self._not_understood(dialogue, reading)
        if reading.intent == FAREWELL:
            farewell = TextOut(text=self._texts.farewell)
            return Answer(
                (farewell,), "farewell", BotOutcome.RESOLVED, dialogue.area, dialogue.category, sure
            )
        if reading.intent == GREETING:
            menu = self._menus.areas(self._texts.choose_area)
            return Answer((menu,), "greeting", area=dialogue.area, confidence=sure)
        if reading.intent == TOPIC:
            return self._topic(dialogue, reading)
        return self._question(text, area, reading)

    def _topic(self, dialogue: Dialogue, reading: Understanding) -> Answer:
        """A subject without a question: the answer to "of which registry?", or a start."""
        if reading.area is None:
            return replace(self._ask_area(None, "topic", reading.confidence), area=dialogue.area)
        if dialogue.category is not None and dialogue.area is None:
            return self._open(reading.area, dialogue.category, reading.confidence)
        return self._ask_category(reading.area, "topic", reading.confidence)

    def _question(self, text: str, area: str | None, reading: Understanding) -> Answer:
        fact = self._knowledge.best(text, area, reading.category)
        if fact is not None:
            return self._tell(fact, area, reading.confidence)
        if area is None:
            return self._ask_area(reading.category, "area_unknown", reading.confidence)
        return self._open(area, reading.category, reading.confidence)

    def _not_understood(self, dialogue: Dialogue, reading: Understanding) -> Answer:
        surely = reading.confidence >= _SURELY_OUTSIDE
        text = self._texts.outside if surely else self._texts.not_understood
        answer = self._miss(dialogue, self._menus.areas(text), "outside" if surely else "not_understood")
        return replace(answer, confidence=reading.confidence)

    # --- answers ------------------------------------------------------------------------------------

    def _open(self, area: str, category: str, sure: float | None) -> Answer:
        """What is known of an area in a category: the answer itself when there is one, else a choice."""
        facts = self._knowledge.of(area, category)
        if not facts:
            facts = self._knowledge.of(None, category)
        if len(facts) == 1:
            return replace(self._tell(facts[0], area, sure), category=category)
        if not facts:
            menu = self._menus.after_answer(self._texts.no_fact)
            return Answer((menu,), "no_fact", area=area, category=category, confidence=sure, missed=True)
        text = self._texts.choose_fact.format(area=self._area(area), category=self._category(category))
        menu = self._menus.facts(text, facts)
        return Answer((menu,), "choice", area=area, category=category, confidence=sure)

    def _tell(self, fact: Fact, area: str | None, sure: float | None) -> Answer:
        if fact.confirmed:
            foot = self._texts.source.format(source=fact.source, date=fact.date)
        else:
            foot = self._texts.unconfirmed
        menu = self._menus.after_answer(f"{fact.answer.strip()}\n\n{foot}")
        return Answer((menu,), "fact", area=area, category=fact.category, confidence=sure, sources=(fact.id,))

    def _ask_area(self, category: str | None, reason: str, sure: float | None) -> Answer:
        text = self._texts.choose_area
        if category is not None:
            text = self._texts.choose_area_for.format(category=self._category(category))
        return Answer((self._menus.areas(text),), reason, category=category, confidence=sure)

    def _ask_category(self, area: str, reason: str, sure: float | None) -> Answer:
        menu = self._menus.categories(self._texts.choose_category.format(area=self._area(area)))
        return Answer((menu,), reason, area=area, confidence=sure)

    def _hand_over(self, area: str | None, category: str | None, sure: float | None = None) -> Answer:
        # No words of ours: the router says at once to whom it goes, and when they open.
        return Answer((), "requested", BotOutcome.HANDOVER, area, category, sure)

    def _miss(self, dialogue: Dialogue, menu: Menu, reason: str) -> Answer:
        return Answer((menu,), reason, area=dialogue.area, category=dialogue.category, missed=True)

    def _within_patience(self, dialogue: Dialogue, answer: Answer) -> Answer:
        """A miss too many hands over, with what is known of the matter."""
        if not answer.missed or dialogue.misses + 1 < self._institution.conversation.bot_misses:
            return answer
        apology = TextOut(text=self._texts.not_helped)
        return replace(answer, replies=(apology,), reason="misses", outcome=BotOutcome.HANDOVER)

    def _greeting_first(self, answer: Answer) -> Answer:
        """The first reply says who speaks. A menu of areas takes the greeting in; others follow it."""
        greeting = self._texts.greeting.format(institution=self._institution.name)
        if answer.reason in ("greeting", "menu") and isinstance(menu := answer.replies[0], Menu):
            whole = menu.model_copy(update={"text": f"{greeting}\n\n{menu.text}"})
            return replace(answer, replies=(whole, *answer.replies[1:]))
        return replace(answer, replies=(TextOut(text=greeting), *answer.replies))

    def _area(self, key: str) -> str:
        area = self._institution.areas.get(key)
        return (area.short_name or area.name) if area else key

    def _category(self, key: str) -> str:
        category = self._institution.categories.get(key)
        return category.name if category else key


def _after(dialogue: Dialogue, turn: int, answer: Answer) -> Dialogue:
    menus = [reply for reply in answer.replies if isinstance(reply, Menu)]
    options = menus[-1].options if menus else []
    return dialogue.model_copy(
        update={
            "turn": turn,
            "greeted": True,
            "misses": dialogue.misses + answer.missed,
            "area": answer.area,
            "category": answer.category,
            "options": tuple(Offered(id=option.id, title=option.title) for option in options),
        }
    )


def _proposal(event: ConversationQueued, answer: Answer) -> BotAnswered:
    conversation = event.conversation
    return BotAnswered(
        id=derived_id("bot", conversation.id, str(conversation.turn)),
        occurred_at=event.occurred_at,
        contact_id=event.contact_id,
        correlation_id=event.correlation_id,
        conversation_id=conversation.id,
        turn=conversation.turn,
        replies=list(answer.replies),
        outcome=answer.outcome,
        area=answer.area,
        category=answer.category,
        confidence=answer.confidence,
        reason=answer.reason,
        sources=list(answer.sources),
    )
