"""What a message is to the bot: a choice, a sentence, or nothing that it can read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.dialogue import Offered
from bot.texts import Texts
from bot.understanding.spelling import plain
from ventanilla.contracts.channel import Choice, InboundContent, Media, Reaction, SystemNotice, Text

_WORD = re.compile(r"[a-zñ]+|\d+")


@dataclass(frozen=True, slots=True)
class Chosen:
    """An option, pressed or typed."""

    option_id: str


@dataclass(frozen=True, slots=True)
class Said:
    text: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A content of this type, without words."""

    kind: str


@dataclass(frozen=True, slots=True)
class Silence:
    """A reaction, or a notice of the provider: nobody waits for an answer."""


Heard = Chosen | Said | Unreadable | Silence


def hear(
    content: InboundContent, offered: Sequence[Offered], known_ids: frozenset[str], texts: Texts
) -> Heard:
    """`known_ids` are the options of every menu there can be, old ones too; `offered` is the last menu's."""
    match content:
        case Reaction() | SystemNotice():
            return Silence()
        case Choice(choice_id=choice_id) if choice_id in known_ids:
            return Chosen(choice_id)
        case Choice(title=title):  # a template's button, or an option that is no more
            return _typed(title, offered, texts)
        case Text(text=text):
            return _typed(text, offered, texts)
        case Media(caption=str(caption)) if caption.strip():
            return _typed(caption, offered, texts)
        case _:
            return Unreadable(content.type)


def _typed(text: str, offered: Sequence[Offered], texts: Texts) -> Heard:
    words = _WORD.findall(plain(text))
    for option in offered:
        if words and words == _WORD.findall(plain(option.title)):
            return Chosen(option.id)
    place = _place(words, texts)
    if place is not None and offered and (place == -1 or 1 <= place <= len(offered)):
        return Chosen(offered[place - 1 if place > 0 else -1].id)
    return Said(text)


def _place(words: Sequence[str], texts: Texts) -> int | None:
    """The place in a list that these words name, or None when they say anything else."""
    telling = [word for word in words if word not in texts.number_fillers]
    if len(telling) != 1:
        return None
    word = telling[0]
    if word.isascii() and word.isdigit():
        return int(word) if len(word) <= 2 else None
    return texts.number_words.get(word)
