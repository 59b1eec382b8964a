"""What citizens and agents live through."""

from datetime import UTC, datetime, timedelta

import pytest

from support.conversations import ANA, EVA, LUIS, Story, rules_with
from support.messages import NOON
from ventanilla.contracts.channel import Channel, Menu, Option, OutboundMessage, Reaction, Template, TextOut
from ventanilla.contracts.conversation import (
    BotOutcome,
    Change,
    Close,
    ConversationState,
    QueuedReason,
    Release,
    Reply,
    Take,
    Transfer,
)

SATURDAY = datetime(2026, 11, 28, 16, 0, tzinfo=UTC)
FRIDAY_EVENING = datetime(2026, 11, 27, 23, 0, tzinfo=UTC)  # 17:00 in El Salvador
QUEUED = (
    "system: Le comunico con una persona de Propiedad Raíz e Hipotecas. "
    "En un momento le atienden por este mismo chat."
)


def waiting(at: datetime = NOON) -> Story:
    return Story(at=at).says("quiero hablar con alguien").hands_over()


def with_ana(at: datetime = NOON) -> Story:
    return waiting(at).taken(ANA)


# --- with the bot --------------------------------------------------------------------------------------


def test_a_first_message_opens_a_conversation_with_the_bot() -> None:
    story = Story().says("q papeles piden pa quitar la hipoteca")
    assert story.changes == [Change.OPENED]
    (queued,) = story.to_bot
    assert queued.message == story.events[-1]
    assert queued.conversation == story.change.conversation
    assert queued.conversation.turn == 1
    assert queued.conversation.revision == 1
    assert story.state is not None
    assert story.state.due_at == NOON + timedelta(minutes=60)


def test_a_burst_from_a_new_contact_makes_one_conversation_and_every_turn_is_answered() -> None:
    story = Story().says("hola").says("q papeles").says("piden?")
    opened = story.conversation.id
    assert [story.bot("uno", turn=1).said, story.bot("dos", turn=2).said, story.bot("tres", turn=3).said] == [
        ["bot: uno"], ["bot: dos"], ["bot: tres"],
    ]  # fmt: skip
    assert story.conversation.id == opened
    assert story.conversation.turn == 3


def test_an_answer_that_closes_does_not_close_over_a_newer_question() -> None:
    story = Story().says("gracias").says("ah, y cuánto cuesta?")
    story.bot("Adiós", turn=1, outcome=BotOutcome.RESOLVED)
    assert story.conversation.state is ConversationState.WITH_BOT
    story.bot("8.86", turn=2)
    assert story.said == ["bot: 8.86"]


def test_an_answer_to_a_turn_that_was_answered_says_nothing_again() -> None:
    story = Story().says().bot("Hola")
    before = story.state
    story.bot("Hola otra vez", turn=1)
    assert story.news == ()
    assert story.state is before


def test_what_the_bot_learned_is_announced_once() -> None:
    story = Story().says().bot("Para eso…", area="rprh", category="requisitos")
    assert story.changes == [Change.CLASSIFIED]
    assert (story.conversation.area, story.conversation.category) == ("rprh", "requisitos")
    story.says().bot("Además…", area="rprh", category="requisitos")
    assert story.changes == []
    story.says().bot("?", area="marte", category="saludo")  # not in the institution's file
    assert (story.conversation.area, story.conversation.category) == ("rprh", "requisitos")


# --- handover ------------------------------------------------------------------------------------------


def test_handover_in_office_hours_goes_to_the_queue_of_the_area() -> None:
    story = waiting()
    assert story.said == [QUEUED]
    (queued,) = story.to_agents
    assert queued.reason is QueuedReason.HANDOVER
    assert (queued.conversation.queue, queued.conversation.queued_at) == ("rprh", NOON)
    changed = [change for change in story.changes if change is not Change.CLASSIFIED]
    assert changed == [Change.QUEUED]


def test_handover_without_an_area_goes_to_the_default_queue() -> None:
    story = Story().says().hands_over(None)
    assert story.conversation.queue == "general"


def test_the_bots_last_words_come_before_the_systems() -> None:
    assert Story().says().hands_over("rprh", "Con gusto.").said == ["bot: Con gusto.", QUEUED]


def test_handover_on_a_saturday_tells_when_the_queue_opens_and_keeps_the_place() -> None:
    story = waiting(SATURDAY)
    (text,) = story.said
    assert "le responderemos a partir del lunes 30 de noviembre a las 7:30 a.m." in text
    assert story.to_agents[0].conversation.queued_at == SATURDAY
    queued = next(e for _, e in story.outputs if getattr(e, "change", None) is Change.QUEUED)
    assert getattr(queued, "next_opening", None) == datetime(2026, 11, 30, 13, 30, tzinfo=UTC)


def test_the_closed_office_is_told_once_for_each_closed_period() -> None:
    story = waiting(FRIDAY_EVENING)
    assert len(story.said) == 1
    assert story.later(hours=3).says("hola?").said == []
    assert story.later(hours=20).says("hay alguien?").said == []
    monday_noon = datetime(2026, 11, 30, 18, 0, tzinfo=UTC)
    story.now = monday_noon
    assert story.says("sigo aquí").said == []  # open: agents see it
    assert [q.reason for q in story.to_agents] == [QueuedReason.MESSAGE]
    story.later(hours=8).says("y ahora?")
    assert "martes 1 de diciembre" in story.said[0]


def test_a_late_answer_of_the_bot_is_discarded_and_said_so() -> None:
    story = Story().says("una persona").says("por favor")
    story.bot(turn=1, outcome=BotOutcome.HANDOVER, area="rprh")
    story.bot("Los requisitos son…", turn=2)
    assert story.said == []
    assert story.changes == [Change.ANSWER_DISCARDED]
    assert story.change.reason == "handed_over"


def test_an_answer_for_an_older_conversation_is_discarded() -> None:
    story = Story().says().bot("Adiós", outcome=BotOutcome.RESOLVED)
    old = story.conversation.id
    story.later(minutes=1).says("hola de nuevo").bot("tarde", turn=1, conversation_id=old)
    assert (story.said, story.change.reason) == ([], "other_conversation")
    assert story.bot("Hola").said == ["bot: Hola"]


# --- agents --------------------------------------------------------------------------------------------


def test_an_agent_takes_and_answers() -> None:
    story = waiting().taken(ANA)
    assert story.changes == [Change.ASSIGNED]
    assert story.said == [f"system: Le atiende {ANA.capitalize()}. ¿En qué le puedo ayudar?"]
    assert story.conversation.agent_id == ANA
    assert story.agent(Reply(content=TextOut(text="Buenos días"))).said == ["agent: Buenos días"]
    assert story.changes == []


@pytest.mark.parametrize(
    "content",
    [
        Menu(text="¿Cuál?", options=[Option(id="a", title="A")], button="Ver"),
        Template(name="seguimiento_consulta", language="es"),
    ],
)
def test_an_agent_may_send_a_menu_or_a_template(content: Menu | Template) -> None:
    story = with_ana().agent(Reply(content=content))
    assert story.said == [f"agent: {content.type}"]


def test_two_agents_who_take_at_once_get_one_yes_and_one_no() -> None:
    story = waiting().taken(ANA).taken(LUIS)
    assert (story.change.change, story.change.reason) == (Change.ACT_REFUSED, "already_taken")
    assert story.conversation.agent_id == ANA


def test_a_repeated_act_acts_once() -> None:
    story = with_ana().agent(Reply(content=TextOut(text="Sí")))
    before = story.state
    story.feed(story.events[-1])
    assert story.news == ()
    assert story.state is before


def test_a_supervisor_takes_over_from_the_bot_and_the_bot_is_silent_from_then_on() -> None:
    story = Story().says().agent(Take(), EVA, takeover=True)
    assert story.changes == [Change.ASSIGNED]
    assert (story.change.reason, story.conversation.queue) == ("takeover", "general")
    assert story.bot("tarde", turn=1).said == []
    assert story.agent(Reply(content=TextOut(text="Le atiendo yo")), EVA).said == ["agent: Le atiendo yo"]


def test_a_supervisor_takes_over_from_an_agent_who_can_then_not_answer() -> None:
    story = with_ana().agent(Take(), EVA, takeover=True)
    assert story.conversation.agent_id == EVA
    assert story.agent(Reply(content=TextOut(text="…")), ANA).change.reason == "not_assigned_to_you"


def test_a_transfer_keeps_the_place_and_changes_queue_and_area() -> None:
    story = with_ana().later(minutes=20).agent(Transfer(queue="comercio"))
    conversation = story.conversation
    assert (conversation.queue, conversation.area, conversation.agent_id) == ("comercio", "comercio", None)
    assert conversation.queued_at == NOON
    assert [queued.reason for queued in story.to_agents] == [QueuedReason.TRANSFER]
    assert story.said == ["system: Le trasladamos con Comercio. Conserva su lugar."]


def test_a_release_gives_it_back_to_its_queue() -> None:
    story = with_ana().agent(Release())
    assert story.conversation.state is ConversationState.WAITING
    assert (story.conversation.queue, story.conversation.queued_at) == ("rprh", NOON)
    assert story.said == []
    assert [queued.reason for queued in story.to_agents] == [QueuedReason.RELEASE]


def test_closing_says_goodbye_and_why() -> None:
    story = with_ana().agent(Close(reason="no_reply"))
    assert (story.change.change, story.change.reason) == (Change.CLOSED, "no_reply")
    assert story.said == [
        "system: Gracias por escribir al CNR. Si necesita algo más, escríbanos por este mismo chat."
    ]


def test_a_text_that_the_institution_left_empty_is_not_said() -> None:
    texts = Story().rules.institution.texts.model_dump() | {"taken": ""}
    assert Story(rules_with(texts=texts)).says().hands_over().taken().said == []


def test_a_reaction_goes_to_the_agent_but_is_no_turn() -> None:
    story = with_ana().says(content=Reaction(provider_message_id="wamid.1", emoji="👍"))
    (queued,) = story.to_agents
    assert queued.message == story.events[-1]
    assert queued.conversation.turn == 1


# --- after the end ---------------------------------------------------------------------------------------


def test_writing_soon_after_an_agent_closed_goes_back_to_the_same_queue() -> None:
    story = with_ana().agent(Close()).later(hours=2)
    closed = story.conversation
    story.says("una cosa más")
    assert story.changes == [Change.REOPENED]
    assert story.said == ["system: Retomamos su conversación con Propiedad Raíz e Hipotecas."]
    conversation = story.conversation
    assert (conversation.id, conversation.queue, conversation.area) == (closed.id, "rprh", "rprh")
    assert conversation.queued_at == story.now
    assert conversation.state is ConversationState.WAITING
    assert [queued.message for queued in story.to_agents] == [story.events[-1]]


def test_writing_later_than_that_begins_anew_with_the_bot() -> None:
    story = with_ana().agent(Close())
    closed = story.conversation.id
    story.later(hours=24, seconds=1).says("hola")
    assert story.changes == [Change.OPENED]
    assert story.conversation.id != closed


def test_reopening_out_of_hours_tells_the_opening() -> None:
    story = with_ana(datetime(2026, 11, 27, 21, 0, tzinfo=UTC)).agent(Close()).later(hours=3).says("y?")
    assert story.changes == [Change.REOPENED]
    assert "lunes 30 de noviembre" in story.said[0]


# --- deadlines -------------------------------------------------------------------------------------------


def test_a_conversation_that_the_bot_answered_ends_quietly_after_an_hour() -> None:
    story = Story().says().bot("Hola").deadline()
    assert (story.change.change, story.change.reason) == (Change.CLOSED, "idle")
    assert story.change.occurred_at == NOON + timedelta(hours=1)
    assert story.said == []


def test_without_a_sweeper_the_next_message_ends_it_as_of_its_deadline_and_opens_another() -> None:
    story = Story().says().bot("Hola").later(hours=5).says("buenas")
    assert story.changes == [Change.CLOSED, Change.OPENED]
    closed, opened = (e for _, e in story.news if getattr(e, "change", None))
    assert closed.occurred_at == NOON + timedelta(hours=1)
    assert opened.occurred_at == story.now


def test_who_waits_for_a_bot_that_is_silent_is_handed_to_people() -> None:
    story = Story().says("hola?").deadline()
    assert (story.change.change, story.change.reason) == (Change.QUEUED, "bot_silent")
    assert story.conversation.queue == "general"


def test_a_message_that_comes_while_the_bot_owes_an_answer_goes_on_with_the_conversation() -> None:
    story = Story().says("hola?").later(hours=2).says("hay alguien?")
    assert story.changes == []
    assert story.to_bot[0].conversation.turn == 2


def test_who_waits_overnight_is_not_closed() -> None:
    rules = rules_with(conversation={"waiting_idle": "1h"})
    story = Story(rules, at=FRIDAY_EVENING).says().hands_over()
    assert story.state is not None
    # The clock runs in office hours: one hour after Monday's opening.
    assert story.state.due_at == datetime(2026, 11, 30, 14, 30, tzinfo=UTC)


def test_an_agents_silence_gives_the_conversation_back_to_the_queue() -> None:
    story = with_ana().says("sigue ahí?").deadline()
    assert (story.change.change, story.change.reason) == (Change.RELEASED, "agent_silent")
    assert story.conversation.queued_at == NOON
    assert story.conversation.agent_id is None


def test_the_citizens_silence_ends_a_conversation_with_an_agent() -> None:
    story = Story(channel=Channel.WEBCHAT, account="web").says().hands_over().taken()
    story.agent(Reply(content=TextOut(text="¿Tiene el número de matrícula?"))).deadline()
    assert (story.change.change, story.change.reason) == (Change.CLOSED, "idle")
    assert story.said[0].startswith("system: Como no hemos recibido respuesta")


def test_a_courtesy_outside_the_window_is_not_worth_a_session() -> None:
    story = with_ana().agent(Reply(content=TextOut(text="¿Y la matrícula?"))).deadline()
    assert story.changes == [Change.CLOSED]
    assert story.said == []


def test_an_act_after_the_deadline_finds_the_conversation_closed() -> None:
    story = with_ana().agent(Reply(content=TextOut(text="¿Y la matrícula?"))).later(days=10)
    story.agent(Reply(content=TextOut(text="¿Hola?")))
    assert story.changes == [Change.CLOSED, Change.ACT_REFUSED]


# --- times and channels -----------------------------------------------------------------------------------


def test_whatsapps_window_ends_a_day_after_the_citizens_last_message() -> None:
    story = Story().says().later(minutes=10).says().bot("Hola")
    (message,) = [e for _, e in story.news if isinstance(e, OutboundMessage)]
    assert message.reply_window_until == NOON + timedelta(hours=24, minutes=10)


def test_the_web_chat_has_no_window() -> None:
    assert Story(channel=Channel.WEBCHAT, account="web").says().conversation.reply_window_until is None


def test_an_older_message_that_comes_late_moves_no_clock_back() -> None:
    story = Story().says()
    story.now = NOON - timedelta(hours=3)
    story.says("esto lo escribí antes")
    assert story.conversation.last_inbound_at == NOON
    assert story.to_bot[0].conversation.turn == 2
    assert story.to_bot[0].occurred_at == NOON


def test_a_telephone_that_lives_in_the_future_puts_nothing_off() -> None:
    story = Story().says()
    message = story.events[0].model_copy(
        update={"id": "m2", "occurred_at": NOON + timedelta(days=3650), "received_at": NOON}
    )
    story.feed(message)
    assert story.state is not None
    assert story.state.latest == NOON
    assert story.conversation.last_inbound_at == NOON


def test_a_recorded_day_may_lie_in_the_future() -> None:
    story = Story(account="106540352242999", at=NOON + timedelta(days=400))
    message = (
        Story(account="106540352242999")
        .says()
        .events[0]
        .model_copy(update={"occurred_at": story.now, "received_at": NOON})
    )
    assert story.feed(message).conversation.opened_at == story.now


def test_a_message_delivered_again_a_week_later_does_nothing() -> None:
    story = Story().says("hola").bot("Hola")
    again = story.events[0]
    story.later(days=7).says("otra vez yo")
    before = story.state
    story.feed(again)
    assert story.news == ()
    assert story.state is before


def test_a_queue_that_was_taken_out_of_the_file_keeps_its_conversations_answerable() -> None:
    story = with_ana()
    queues = {"general": {"name": "Atención general", "schedule": "office"}}
    areas = {"rprh": {"name": "Propiedad Raíz", "queue": "general"}}
    story.rules = rules_with(queues=queues, areas=areas)
    assert story.says("sigo").to_agents != []
    assert story.agent(Reply(content=TextOut(text="Dígame"))).said == ["agent: Dígame"]
