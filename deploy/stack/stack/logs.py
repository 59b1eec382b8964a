"""The merged log: JSON lines of many services, made readable for one terminal."""

import json
from datetime import datetime
from typing import Any

from rich.text import Text

_COLOURS = {
    "ingest": "cyan",
    "router": "green",
    "bot": "magenta",
    "agent-gateway": "yellow",
    "billing": "blue",
    "sandbox": "bright_black",
}
_LEVELS = {"debug": "dim", "info": "", "warning": "yellow", "error": "red", "critical": "bold red"}

_SHOWN_FIRST = frozenset({"timestamp", "level", "service", "event"})
_LEFT_OUT = frozenset({"module"})
"""Names of modules help a search in the JSON, not a person who watches."""

_NAME_WIDTH = max(len(name) for name in _COLOURS)


def readable(service: str, line: str) -> Text:
    """`HH:MM:SS service level event key=value ...`, in this machine's time zone.

    A line that is no JSON object is shown as it is, after the service's name.
    """
    fields = _fields(line)
    text = Text(no_wrap=True)
    name = f"{service:<{_NAME_WIDTH}}"
    if fields is None:
        return text.append("         ").append(name, _COLOURS.get(service, "")).append(f" {line}")
    level = str(fields.get("level", "info"))
    style = _LEVELS.get(level, "")
    text.append(f"{_clock(fields.get('timestamp'))} ", "dim").append(name, _COLOURS.get(service, ""))
    text.append(f" {level:<8} ", style).append(str(fields.get("event", "")), f"bold {style}".strip())
    trace = ""
    for key, value in fields.items():
        if key in _SHOWN_FIRST or key in _LEFT_OUT:
            continue
        if key == "exception":
            trace = str(value)
            continue
        text.append(f" {key}=", "dim").append(_value(value))
    if trace:
        text.append("\n" + "\n".join(f"    {part}" for part in trace.splitlines()), style)
    return text


def _fields(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) else None


def _clock(timestamp: object) -> str:
    try:
        return datetime.fromisoformat(str(timestamp)).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return "--:--:--"


def _value(value: object) -> str:
    if isinstance(value, str):
        return value if value and " " not in value else json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False)
