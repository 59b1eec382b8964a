"""The many spellings of one word."""

import pytest

from bot.understanding.noise import mistyped
from bot.understanding.spelling import UNKNOWN, Speller, Spelling, fold, plain


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("kuanto", "cuánto"),
        ("qiero", "kiero"),
        ("presio", "precio"),
        ("ipoteca", "hipoteca"),
        ("ESCRITURAAAA", "escritura"),
        ("inscrivir", "inscribir"),
        ("estractada", "extractada"),
        ("marka", "marca"),
        ("holaaaaa", "ola"),
        ("yegar", "llegar"),
        ("conprar", "comprar"),
        ("rejistro", "registro"),
        ("requisito", "requisitos"),
    ],
)
def test_what_sounds_alike_is_one_word(typed: str, meant: str) -> None:
    assert fold(plain(typed)) == fold(plain(meant))


def test_short_forms_are_written_out_and_numbers_told_by_their_kind() -> None:
    speller = Speller(Spelling(abbreviations={"q": "que", "xfa": "por favor"}, concepts={}))
    assert speller.sounds("q hora es xfa?") == [fold(w) for w in ("que", "ora", "es", "por", "favor")]
    assert speller.sounds("hace 15 dias, 2023-045678") == ["ase", "<n>", "dia", "<numero>"]


def test_a_slip_is_mended_and_a_stranger_is_not() -> None:
    speller = Speller(Spelling(abbreviations={}, concepts={"gravamen": ["hipoteca"]}, ordinary="plato"))
    speller.learn(["el plano de la hipoteca"])
    read = speller.read("el hipotreca plato planno xilofono")
    assert read.words == ("el", "ipoteka", UNKNOWN, "plano", UNKNOWN)
    assert read.concepts == ("gravamen",)


def test_typing_noise_is_the_same_at_every_start() -> None:
    text = "qué papeles piden para quitar la hipoteca"
    assert mistyped(text) == mistyped(text)
    assert mistyped(text) != text
    assert mistyped("a") == "a"
