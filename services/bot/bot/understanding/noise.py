"""Typing as on a telephone: slips that are made on purpose, the same ones at every start."""

from random import Random

_NEIGHBOURS = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo",
    "j": "hk", "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "wa", "r": "et",
    "s": "ad", "t": "ry", "u": "yi", "v": "cb", "x": "zc", "y": "tu", "z": "xs",
}  # fmt: skip
_LETTERS_PER_SLIP = 14


def mistyped(text: str) -> str:
    """The text with about one slip in 14 letters, at least one: dropped, doubled, swapped, a key beside."""
    random = Random(text)
    letters = list(text)
    places = [place for place, letter in enumerate(letters) if letter.isalpha()]
    if len(places) < 4:
        return text
    for place in random.sample(places, max(1, len(places) // _LETTERS_PER_SLIP)):
        letter = letters[place]
        kind = random.randrange(4)
        if kind == 0:
            letters[place] = ""
        elif kind == 1:
            letters[place] = letter * 2
        elif kind == 2 and place + 1 < len(letters):
            letters[place], letters[place + 1] = letters[place + 1], letter
        else:
            letters[place] = random.choice(_NEIGHBOURS.get(letter.lower(), letter))
    return "".join(letters)
