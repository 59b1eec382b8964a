"""From what we want to say to requests of Meta's Graph API, one for each part. Pure.

Limits: Meta, "Text messages", "Interactive reply buttons messages", "Interactive list messages".
"""

import re
from typing import Any

from ventanilla.contracts.channel import Menu, Option, OutboundContent, Template, TextOut

MAX_TEXT = 4_096
MAX_MENU_TEXT = 1_024
MAX_BUTTONS = 3
MAX_BUTTON_TITLE = 20
MAX_ROWS = 10
MAX_ROW_TITLE = 24
MAX_ROW_DESCRIPTION = 72
MAX_LIST_BUTTON = 20
MAX_OPTION_ID = 200

Body = dict[str, Any]


def render(content: OutboundContent) -> list[Body]:
    """The bodies without an addressee, in the order in which they must be sent; at least one."""
    match content:
        case TextOut():
            return [_text(piece) for piece in split(content.text)]
        case Menu():
            return _menu(content)
        case Template():
            return [_template(content)]


def split(text: str, limit: int = MAX_TEXT) -> list[str]:
    """Pieces of at most `limit` characters that together are the text, nothing lost.

    Cut after a line, else after a sentence, else after a word, if that is in the second half of a piece;
    a longer word is cut where it must.
    """
    pieces: list[str] = []
    while len(text) > limit:
        cut = _cut(text, limit)
        pieces.append(text[:cut])
        text = text[cut:]
    return [*pieces, text] if text or not pieces else pieces


_BOUNDARIES = tuple(re.compile(pattern) for pattern in (r"\n+", r"[.!?…]+[\"»”')]*\s+", r"\s+"))


def _cut(text: str, limit: int) -> int:
    for boundary in _BOUNDARIES:
        ends = [found.end() for found in boundary.finditer(text, limit // 2, limit)]
        if ends:
            return ends[-1]
    return limit


def _text(text: str) -> Body:
    return {"type": "text", "text": {"preview_url": False, "body": text}}


def _menu(menu: Menu) -> list[Body]:
    """Buttons where all options fit on them, else a list, else numbered text. A long question goes before."""
    if not menu.options or not _fits(menu):
        numbered = [f"{place}. {_line(option)}" for place, option in enumerate(menu.options, 1)]
        return [
            _text(piece) for piece in split("\n".join([menu.text, "", *numbered]) if numbered else menu.text)
        ]
    *before, question = split(menu.text.rstrip(), MAX_MENU_TEXT)
    plain = not any(option.description for option in menu.options)
    short = all(len(option.title) <= MAX_BUTTON_TITLE for option in menu.options)
    as_buttons = len(menu.options) <= MAX_BUTTONS and short and plain
    interactive = _buttons(menu, question) if as_buttons else _list(menu, question)
    return [*(_text(piece) for piece in before), {"type": "interactive", "interactive": interactive}]


def _fits(menu: Menu) -> bool:
    ids = {option.id for option in menu.options}
    titles = {option.title for option in menu.options}
    return (
        len(menu.options) <= MAX_ROWS
        and len(ids) == len(titles) == len(menu.options)  # Meta refuses a repeated id or title
        and all(option.title.strip() and 0 < len(option.id) <= MAX_OPTION_ID for option in menu.options)
        and bool(menu.text.strip())
    )


def _line(option: Option) -> str:
    return f"{option.title}: {option.description}" if option.description else option.title


def _buttons(menu: Menu, question: str) -> Body:
    buttons = [{"type": "reply", "reply": {"id": one.id, "title": one.title}} for one in menu.options]
    return {"type": "button", "body": {"text": question}, "action": {"buttons": buttons}}


def _list(menu: Menu, question: str) -> Body:
    rows = [_row(option) for option in menu.options]
    action = {"button": shortened(menu.button, MAX_LIST_BUTTON), "sections": [{"rows": rows}]}
    return {"type": "list", "body": {"text": question}, "action": action}


def _row(option: Option) -> Body:
    """A title that is too long is cut, and stands whole in the description."""
    title = shortened(option.title, MAX_ROW_TITLE)
    described = option.description or ""
    if title != option.title:
        described = f"{option.title}: {described}" if described else option.title
    row = {"id": option.id, "title": title}
    return {**row, "description": shortened(described, MAX_ROW_DESCRIPTION)} if described else row


def shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _template(template: Template) -> Body:
    body: Body = {"name": template.name, "language": {"code": template.language}}
    if template.parameters:
        values = [{"type": "text", "text": value} for value in template.parameters]
        body["components"] = [{"type": "body", "parameters": values}]
    return {"type": "template", "template": body}
