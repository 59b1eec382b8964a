"""The menus of the bot, within what WhatsApp shows: ten rows, titles of 24 characters, descriptions of 72."""

from collections.abc import Iterator, Sequence

from bot.knowledge import Fact, Knowledge
from bot.texts import Texts
from bot.understanding import PERSON
from ventanilla.contracts.channel import Menu, Option
from ventanilla.institution import Institution

TO_PERSON = "person"
TO_MENU = "menu"
_ROW_TITLE = 24
_ROW_DESCRIPTION = 72


class Menus:
    """Builds every menu of an institution."""

    def __init__(self, institution: Institution, texts: Texts) -> None:
        self._institution = institution
        self._texts = texts

    def areas(self, text: str) -> Menu:
        """The areas, and a person."""
        return self._menu(text, [*self._area_options(), self._person_row()])

    def categories(self, text: str) -> Menu:
        """The categories, and a person."""
        return self._menu(text, [*self._category_options(), self._person_row()])

    def facts(self, text: str, facts: Sequence[Fact]) -> Menu:
        """Facts to choose from, another question, and a person."""
        rows = [Option(id=f"fact:{f.id}", title=f.title, description=f.description) for f in facts]
        return self._menu(text, [*rows, self._other(), self._person_row()])

    def after_answer(self, text: str) -> Menu:
        """An answer, with the two ways on as buttons."""
        person = Option(id=TO_PERSON, title=self._texts.buttons.person)
        return self._menu(text, [self._other(), person])

    def known_ids(self, knowledge: Knowledge) -> frozenset[str]:
        """The id of every option that any menu has, or an older menu had."""
        options = [*self._area_options(), *self._category_options()]
        facts = (f"fact:{fact.id}" for fact in knowledge.facts)
        return frozenset({TO_PERSON, TO_MENU, f"category:{PERSON}", *(o.id for o in options), *facts})

    def _menu(self, text: str, options: list[Option]) -> Menu:
        return Menu(text=text, options=options, button=self._texts.buttons.open_menu)

    def _area_options(self) -> Iterator[Option]:
        for key, area in self._institution.areas.items():
            title = area.short_name or area.name
            described = area.name if area.name != title or len(title) > _ROW_TITLE else None
            yield _row(f"area:{key}", title, described)

    def _category_options(self) -> Iterator[Option]:
        for key, category in self._institution.categories.items():
            if key != PERSON:
                yield _row(f"category:{key}", category.name, category.description)

    def _person_row(self) -> Option:
        return Option(id=TO_PERSON, title=self._texts.buttons.person_row)

    def _other(self) -> Option:
        return Option(id=TO_MENU, title=self._texts.buttons.other)


def _row(option_id: str, title: str, description: str | None) -> Option:
    return Option(
        id=option_id,
        title=_cut(title, _ROW_TITLE),
        description=None if description is None else _cut(description, _ROW_DESCRIPTION),
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
