"""Chats with the bot, as a citizen would read them (see support/chat.py for the signs)."""

import pytest

from bot.domain.assistant import Assistant
from support.chat import Chat, play, queued, words
from ventanilla.contracts.channel import Media, Menu, Text
from ventanilla.contracts.conversation import BotAnswered, BotOutcome
from ventanilla.contracts.event import derived_id

CHATS = {
    "a greeting gets a welcome and the areas": """
        > hola buenas
        < Centro Nacional de Registros le da la bienvenida
        < asistente automático
        < puede pedir que le atienda una persona
        < Propiedad Raíz
        < Garantías Mobiliarias
        < Hablar con una persona
        < {continue greeting}
    """,
    "a greeting with a question gets the answer": """
        > buenas tardes fijese q kiero saber kuanto sale la extractada
        < Centro Nacional de Registros le da la bienvenida
        < La certificación extractada cuesta $8.86.
        < Fuente: www.cnr.gob.sv, consultada el 25/11/2026.
        < {continue fact}
    """,
    "from the areas by numbers to a figure": """
        > hola
        > 2
        < Comercio: ¿qué necesita?
        > opcion 4
        < Comercio, Aranceles: ¿cuál es su caso?
        > la primera
        < La constancia de balance cuesta $5.00.
        > muchas gracias
        < Con gusto
        < {resolved farewell}
    """,
    "by buttons, old ones too": """
        > [area:rprh]
        < Propiedad Raíz: ¿qué necesita?
        > [category:requisitos]
        < Cancelar una hipoteca
        > [fact:rprh-cancelar-hipoteca]
        < escritura de cancelación
        < confírmela con un agente
        > [area:rpi]
        < Propiedad Intelectual: ¿qué necesita?
        > [category:estado]
        < www.cnr.gob.sv
        > [menu]
        < ¿Sobre qué es su consulta?
        > [person]
        < {handover requested}
    """,
    "a title typed by hand is the option": """
        > hola
        > propiedad raiz
        < Propiedad Raíz: ¿qué necesita?
        > Estado de tramite
        < número de presentación
    """,
    "a question without an area is asked of which": """
        > que requisitos piden
        < Requisitos: ¿de qué registro o servicio?
        > es de comercio
        < Comercio, Requisitos
        < Matrícula de empresa
    """,
    "the area is remembered for the next question": """
        > q papeles piden pa quitar la hipoteca
        < escritura de cancelación
        > y cuanto cuesta?
        < Propiedad Raíz, Aranceles
        < Inscripciones
    """,
    "the status can be asked online, without an account": """
        > fijese q meti un doc hace 15 dias y nada
        < con su número de presentación y sin crear una cuenta
        < {continue fact}
    """,
    "no figure is invented": """
        > presio del mapa
        < No tengo una cifra confirmada
    """,
    "a person is called at once": """
        > comuniqueme con alguien xfa
        < {handover requested}
    """,
    "two misses call a person": """
        > quien gano el partido de ayer
        < Sobre eso no tengo información
        < Propiedad Raíz
        < {continue outside}
        > y va a llover mañana
        < Disculpe que no haya podido ayudarle. Le paso con una persona.
        < {handover misses}
    """,
    "what it cannot read it says kindly": """
        > (audio)
        < no puedo ver ni escuchar audios
        < ¿Me lo escribe, por favor?
        < {continue unreadable}
        > (image)
        < {handover misses}
    """,
    "a reaction asks for nothing": """
        > hola
        > (reaction)
        < {silence}
        > 1
        < Propiedad Raíz: ¿qué necesita?
    """,
    "a number that was not offered is not an option": """
        > hola
        > 17
        < {continue not_understood}
    """,
    "a misunderstanding between good answers is not held against it": """
        > presio del mapa
        > asdkjh askjdh
        < {continue
        > como va mi marca
        < sin crear una cuenta
    """,
    "the office hours": """
        > a que hora abren
        < de lunes a viernes, de 7:30 a.m. a 4:00 p.m.
        < 65-CNR/2023
    """,
}


@pytest.mark.parametrize("script", CHATS.values(), ids=CHATS.keys())
def test_chat(assistant: Assistant, script: str) -> None:
    play(assistant, script)


def test_the_handover_says_what_it_was_about(assistant: Assistant) -> None:
    chat = play(assistant, "> q papeles piden pa quitar la hipoteca\n> paseme con una persona")
    last = chat.answers[-1]
    assert (last.outcome, last.area, last.category) == (BotOutcome.HANDOVER, "rprh", "requisitos")
    assert last.replies == []


def test_the_first_answer_introduces_itself_and_later_ones_do_not(assistant: Assistant) -> None:
    chat = Chat(assistant)
    first, second = words(chat.say("como va mi marca")), words(chat.say("presio del mapa"))
    assert "asistente automático" in first
    assert "asistente automático" not in second


def test_a_photograph_with_a_caption_is_a_sentence(assistant: Assistant) -> None:
    photo = Media(type="image", media_id="1", caption="cuanto sale la extractada")
    answered = Chat(assistant).send(photo)
    assert answered is not None
    assert "$8.86" in words(answered)


def test_an_unknown_button_is_read_by_its_title(assistant: Assistant) -> None:
    answered = Chat(assistant).press("campaign-7", "Hablar con una persona")
    assert answered.outcome is BotOutcome.HANDOVER


def test_a_turn_is_answered_once(assistant: Assistant) -> None:
    first = assistant.decide(None, queued(Text(text="hola"), 1))
    again = assistant.decide(first.state, queued(Text(text="hola"), 1))
    assert len(first.outputs) == 1
    assert again.outputs == ()
    assert again.state == first.state


def test_a_replay_gives_the_same_event(assistant: Assistant) -> None:
    event = queued(Text(text="como va mi marca"), 3)
    (_, answered), *_ = assistant.decide(None, event).outputs
    assert assistant.decide(None, event).outputs[0][1] == answered
    assert isinstance(answered, BotAnswered)
    assert answered.id == derived_id("bot", "c1", "3")
    assert answered.occurred_at == event.occurred_at
    assert (answered.turn, answered.correlation_id) == (3, "correlation-3")
    assert answered.sources == ["rpi-estado"]


def test_a_new_conversation_begins_anew(assistant: Assistant) -> None:
    old = assistant.decide(None, queued(Text(text="quien gano el clasico"), 4, "old"))
    new = assistant.decide(old.state, queued(Text(text="que hora es en china"), 1, "new"))
    (_, answered), *_ = new.outputs
    assert isinstance(answered, BotAnswered)
    assert answered.outcome is BotOutcome.CONTINUE  # the old conversation's miss does not count
    assert "asistente automático" in words(answered)


def test_given_back_without_a_word_it_offers_the_menu(assistant: Assistant) -> None:
    (_, answered), *_ = assistant.decide(None, queued(None, 1)).outputs
    assert isinstance(answered, BotAnswered)
    assert isinstance(answered.replies[0], Menu)
