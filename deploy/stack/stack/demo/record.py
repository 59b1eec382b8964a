"""Makes day.jsonl: `python -m stack.demo.record`. The same phrases give the same day, byte for byte.

Proportions of the categories: agreement 65-CNR/2023, point II (see citizens.yaml for the words). The day has
every way in which people write: questions at once, menus, bursts, media, second thoughts hours later, people
who want a person, before, in and after office hours; and what providers do: the same webhook again, late and
doubled statuses, phones that are off, sends that fail.
"""

import random
from collections.abc import Iterator
from datetime import time
from pathlib import Path
from typing import Any

import yaml

from stack.demo.recording import DAY, Citizen, Ids, Step, Trouble

CITIZENS = 324
_SEED = 65_2023
_CATEGORIES = {"requisitos": 31.50, "asesorias": 30.32, "estado": 22.17, "traslado": 12.17, "aranceles": 3.84}
_AREAS = {"rprh": 38, "comercio": 22, "igcn": 14, "rpi": 10, "rgm": 7, "general": 9}
_IDS: list[Ids] = ["number", "both", "user_id"]
_HOURS = {
    0: 3, 5: 4, 6: 10, 7: 34, 8: 52, 9: 50, 10: 44, 11: 32, 12: 20, 13: 26, 14: 27, 15: 20,
    16: 12, 17: 8, 18: 9, 19: 9, 20: 8, 21: 5, 22: 3,
}  # fmt: skip
"""How many write first in which hour of the day, in proportion."""


def apportioned(total: int, weights: dict[Any, float]) -> list[Any]:
    """`total` items in proportion, by largest remainder."""
    whole = sum(weights.values())
    shares = {key: total * weight / whole for key, weight in weights.items()}
    counts = {key: int(share) for key, share in shares.items()}
    for key in sorted(shares, key=lambda key: counts[key] - shares[key])[: total - sum(counts.values())]:
        counts[key] += 1
    return [key for key, count in counts.items() for _ in range(count)]


class Recorder:
    """Writes citizens, each from its own share of chance."""

    def __init__(self, words: dict[str, Any]) -> None:
        self._words = words
        self._chance = random.Random(_SEED)

    def day(self) -> Iterator[Citizen]:
        chance = self._chance
        categories = apportioned(CITIZENS, dict(_CATEGORIES))
        areas = apportioned(CITIZENS, dict(_AREAS))
        hours = apportioned(CITIZENS, dict(_HOURS))
        for items in (categories, areas, hours):
            chance.shuffle(items)
        for number, (category, area, hour) in enumerate(zip(categories, areas, hours, strict=True), 1):
            yield self._citizen(number, category, None if area == "general" else area, hour)

    def _citizen(self, number: int, category: str, area: str | None, hour: int) -> Citizen:
        chance = self._chance
        self._now = hour * 3600 + chance.randrange(3300)
        picked = False
        if category == "traslado":
            steps = self._wants_a_person(area)
        else:
            plans = [self._asks, self._by_menu, self._in_bursts, self._with_media, self._comes_back]
            weights = [40, 27, 13, 12, 8 if hour < 20 and area else 0]
            plan = chance.choices(plans, weights)[0]
            picked = plan in (self._by_menu, self._comes_back) and area is not None
            steps = plan(area, category)
        ids = chance.choices(_IDS, [84, 10, 6])[0]
        return Citizen(
            number=number,
            name=f"{chance.choice(self._words['names'])} {chance.choice(self._words['surnames'])}",
            ids=ids,
            area=area,
            category=category,
            area_is_picked=picked,
            agents=chance.sample(self._words["agents"], 3),
            trouble=self._trouble(number),
            steps=[self._again(step) for step in steps],
        )

    # --- ways to write ------------------------------------------------------------------------------

    def _asks(self, area: str | None, category: str) -> list[Step]:
        steps = [self._say(self._question(area, category))]
        if self._chance.random() < 0.75:
            steps.append(self._pick(0))
        if self._chance.random() < 0.5:
            steps.append(self._say(self._question(area, self._other(category))))
        if self._chance.random() < 0.12:
            steps += self._to_agent("person")
        elif self._chance.random() < 0.6:
            steps.append(self._thanks())
        return steps

    def _by_menu(self, area: str | None, category: str) -> list[Step]:
        steps = [self._say(self._one("greetings"))]
        if area is None:
            return [*steps, *self._to_agent("person")]
        steps += [self._pick(f"area:{area}"), self._pick(f"category:{category}")]
        if self._chance.random() < 0.7:
            steps.append(self._pick(0))
        if self._chance.random() < 0.16:
            steps += self._to_agent("person")
        return steps

    def _in_bursts(self, area: str | None, category: str) -> list[Step]:
        parts = [self._one("greetings"), self._one("openers"), self._question(area, category)]
        steps = [self._say(parts[0])]
        steps += [self._say(part, at_once=True) for part in parts[1:]]
        if self._chance.random() < 0.4:
            steps.append(self._say(self._one("hurry"), at_once=True))
        if self._chance.random() < 0.5:
            steps.append(self._pick(0))
        return steps

    def _with_media(self, area: str | None, category: str) -> list[Step]:
        steps = [self._say(self._question(area, category)), self._media()]
        if self._chance.random() < 0.35:
            steps.append(self._step(8, send="reaction", content={"emoji": "👍"}))
        steps.append(self._say(self._question(area, category)))
        if self._chance.random() < 0.4:
            steps.append(self._thanks())
        return steps

    def _comes_back(self, area: str | None, category: str) -> list[Step]:
        """Hours later, when the bot's conversation has long ended: another one begins."""
        steps = self._by_menu(area, category)[:3]
        self._now += self._chance.randrange(9_000, 12_000)
        return [*steps, self._say(self._one("greetings")), self._pick(f"area:{area}")]

    def _wants_a_person(self, area: str | None) -> list[Step]:
        if self._chance.random() < 0.5:
            return self._to_agent("say")
        steps = [self._say(self._question(area, "asesorias"))]
        return steps + self._to_agent(self._chance.choice(["person", "say"]))

    def _to_agent(self, how: str) -> list[Step]:
        """Asks for a person and talks to him. Who asks before the office opens writes again when it has."""
        steps = [self._say(self._one("person")) if how == "say" else self._pick("person")]
        opening = 7 * 3600 + 31 * 60
        if 5 * 3600 < self._now < opening:
            self._now = opening + self._chance.randrange(3_000)
        steps += [self._say(self._one("to_agent")) for _ in range(self._chance.choice([1, 2, 2, 3]))]
        if self._chance.random() < 0.6:
            steps.append(self._say(self._one("thanks")))
        return steps

    # --- messages -----------------------------------------------------------------------------------

    def _step(self, seconds: int, **what: Any) -> Step:
        self._now += seconds + self._chance.randrange(seconds + 5)
        hour, rest = divmod(min(self._now, 23 * 3600 + 2400), 3600)
        return Step(at=time(hour, *divmod(rest, 60)), **what)

    def _say(self, text: str, at_once: bool = False) -> Step:
        return self._step(2 if at_once else 20, say=self._typed(text), at_once=at_once)

    def _pick(self, option: str | int) -> Step:
        return self._step(12, pick=option)

    def _thanks(self) -> Step:
        return self._say(self._one("thanks"))

    def _media(self) -> Step:
        chance = self._chance
        media = f"{chance.getrandbits(50)}"
        kinds: list[tuple[str, dict[str, Any]]] = [
            ("audio", {"id": media, "mime_type": "audio/ogg; codecs=opus", "voice": True}),
            ("image", {"id": media, "mime_type": "image/jpeg"}),
            ("image", {"id": media, "mime_type": "image/jpeg", "caption": self._one("captions")}),
            ("document", {"id": media, "mime_type": "application/pdf", "filename": "escritura.pdf"}),
            ("sticker", {"id": media, "mime_type": "image/webp", "animated": False}),
            ("location", {"latitude": 13.69, "longitude": -89.22, "name": "San Salvador"}),
            ("contacts", {"name": {"formatted_name": "Notario"}, "phones": [{"phone": "+503 2222 0000"}]}),
            ("poll_creation", {"question": "?"}),
        ]
        kind, content = chance.choice(kinds)
        return self._step(15, send=kind, content=content)

    def _question(self, area: str | None, category: str) -> str:
        found: str = self._chance.choice(self._words["areas"][area or "general"][category])
        return found

    def _other(self, category: str) -> str:
        return self._chance.choice([one for one in _CATEGORIES if one not in (category, "traslado")])

    def _one(self, kind: str) -> str:
        found: str = self._chance.choice(self._words[kind])
        return found

    def _typed(self, text: str) -> str:
        """As typed on a telephone: now and then a capital, two letters the wrong way round."""
        chance = self._chance
        if chance.random() < 0.3:
            text = text.capitalize()
        if len(text) > 18 and chance.random() < 0.12:
            place = chance.randrange(len(text) // 2, len(text) - 2)
            text = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
        return text

    # --- what goes wrong ------------------------------------------------------------------------------

    def _again(self, step: Step) -> Step:
        return step.model_copy(update={"again": self._chance.choices([0, 1, 2], [90, 8, 2])[0]})

    def _trouble(self, number: int) -> Trouble:
        behaviours: dict[int, dict[str, int | bool]] = {
            3: {"duplicate_statuses": 1}, 7: {"late_sent": True}, 11: {"skip_delivered": True},
            13: {"duplicate_statuses": 2, "late_sent": True},
        }  # fmt: skip
        if number in (60, 160, 260):
            return Trouble(behaviour={"silent": True})
        if number in (40, 140, 240):
            return Trouble(failure={"code": 131000, "times": 1})
        if number in (90, 190):
            return Trouble(failure={"code": 503, "times": 2})
        if number in (120, 220):
            return Trouble(failure={"code": 131026, "times": 1, "async": True})
        return Trouble(behaviour=behaviours.get(number % 20, {}))


def main(path: Path = DAY) -> None:
    words = yaml.safe_load(path.with_name("citizens.yaml").read_text(encoding="utf-8"))
    lines = [citizen.model_dump_json(exclude_defaults=True) for citizen in Recorder(words).day()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
