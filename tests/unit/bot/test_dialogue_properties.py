"""What holds for every dialogue, whatever people send."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.assistant import MISSED, Assistant
from bot.knowledge import FactBase
from support.chat import Chat
from ventanilla.contracts.channel import (
    Choice,
    FlowAnswer,
    InboundContent,
    Location,
    Media,
    Menu,
    Order,
    Reaction,
    Template,
    Text,
    Unknown,
)
from ventanilla.contracts.conversation import BotAnswered, BotOutcome

SENTENCES = st.sampled_from(
    [
        "hola", "gracias", "1", "2", "la ultima", "99", "requisitos", "cuanto cuesta", "como va mi marca",
        "presio del mapa", "quiero hablar con alguien",
        "q papeles piden pa quitar la hipoteca", "comercio", "va a llover", "asdf", "", "👍",
        "2023045678", "soy idiota", "a que hora abren",
    ]
)  # fmt: skip
OPTIONS = st.sampled_from(
    [
        "person", "menu", "area:rprh", "area:rgm", "area:nowhere", "category:requisitos", "category:traslado",
        "category:aranceles", "fact:horario", "fact:gone", "", ":", "area:", "fact:rprh-arancel-literal",
    ]
)  # fmt: skip
CONTENTS: st.SearchStrategy[InboundContent] = st.one_of(
    SENTENCES.map(lambda text: Text(text=text)),
    st.text(max_size=80).map(lambda text: Text(text=text)),
    OPTIONS.map(lambda key: Choice(kind="list_reply", choice_id=key, title="Otra cosa")),
    st.sampled_from(["image", "audio", "video", "document", "sticker"]).map(
        lambda kind: Media.model_validate({"type": kind, "media_id": "1"})
    ),
    st.just(Location(latitude=13.7, longitude=-89.2)),
    st.just(FlowAnswer(raw="no json")),
    st.just(Order()),
    st.just(Unknown(provider_type="poll")),
    st.just(Reaction(provider_message_id="wamid.1")),
)


@given(st.lists(CONTENTS, max_size=8))
@settings(max_examples=150, deadline=None)
def test_every_turn_has_one_answer_that_fits_a_phone(
    assistant: Assistant, contents: list[InboundContent]
) -> None:
    chat = Chat(assistant)
    for content in contents:
        answered = chat.send(content)
        if isinstance(content, Reaction):
            assert answered is None
            continue
        assert answered is not None
        assert answered.replies or answered.outcome is BotOutcome.HANDOVER
        assert answered.turn == chat.turn
        fits(answered)


@given(st.lists(CONTENTS, max_size=10))
@settings(max_examples=100, deadline=None)
def test_any_two_misses_hand_over(assistant: Assistant, contents: list[InboundContent]) -> None:
    chat = Chat(assistant)
    misses = 0
    for content in contents:
        answered = chat.send(content)
        if answered is None:
            continue
        missed = answered.reason in MISSED
        misses += missed
        if missed and misses >= 2:
            assert (answered.outcome, answered.reason) == (BotOutcome.HANDOVER, "misses")
        elif missed:
            assert answered.outcome is BotOutcome.CONTINUE


def test_every_fact_and_every_menu_fits_a_phone(assistant: Assistant, knowledge: FactBase) -> None:
    for area in ("rprh", "comercio", "rpi", "igcn", "rgm"):
        for category in ("requisitos", "asesorias", "estado", "aranceles"):
            chat = Chat(assistant)
            fits(chat.press(f"area:{area}"))
            fits(chat.press(f"category:{category}"))
    for fact in knowledge.facts:
        fits(Chat(assistant).press(f"fact:{fact.id}"))


def fits(answered: BotAnswered) -> None:
    """WhatsApp's limits: body 1,024; ten rows of 24 and 72; three buttons of 20."""
    for reply in answered.replies:
        assert not isinstance(reply, Template)
        assert 0 < len(reply.text) <= 1024
        if not isinstance(reply, Menu):
            continue
        assert 1 <= len(reply.options) <= 10
        assert len({option.id for option in reply.options}) == len(reply.options)
        assert len(reply.button) <= 20
        title = 20 if len(reply.options) <= 3 else 24
        for option in reply.options:
            assert 0 < len(option.title) <= title
            assert len(option.id) <= 200
            assert len(option.description or "") <= 72
