"""The page that a person reads first: topics, headers, and every field with its meaning."""

import json
from collections.abc import Iterator
from typing import Any

from ventanilla.contract_docs.headers import headers
from ventanilla.contract_docs.schemas import JsonSchema, resolved, schema
from ventanilla.topics import ALL, Topic

_INTRODUCTION = """\
<!-- Written by `make docs`; change the code, not this page. -->
# Topics

What the services of Ventanilla say to each other. [How to consume a topic](consuming.md) has a consumer
that works; [`asyncapi.yaml`](asyncapi.yaml) says the same for tools, and [`schemas/`](schemas) has a JSON
Schema for each topic's value.

The key of every record is its event's `contact_id`, so what concerns one contact is in order. Delivery is at
least once: an event that comes again bears the same `id`. Values are UTF-8 JSON; times are RFC 3339 in UTC;
the tables say what an absent field means (–: it is always there). Within a major version (`.v1`) a contract
only grows: ignore fields that you do not know. [`published/`](published) holds what readers were promised.
"""


def page() -> str:
    """The whole page, in Markdown."""
    return "\n".join(
        [_INTRODUCTION, *_topics(), "", *_headers(), *(_topic(topic) for topic in ALL), *_parts()]
    )


def _topics() -> Iterator[str]:
    yield "| topic | what it is | event | written by | read by | kept |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for topic in ALL:
        yield (
            f"| [`{topic.name}`](#{topic.name.replace('.', '')}) | {topic.purpose} "
            f"| [{topic.event.__name__}](schemas/{topic.name}.json) | {topic.producer} "
            f"| {', '.join(topic.consumers) or '–'} | {topic.retention.days} days |"
        )


def _headers() -> Iterator[str]:
    yield "## Headers"
    yield ""
    yield "| header | meaning |"
    yield "| --- | --- |"
    for header in headers(ALL[0]):
        same_everywhere = header.const is not None and all(header in headers(topic) for topic in ALL)
        value = f": `{header.const}`" if same_everywhere else ""
        yield f"| `{header.name}` | {header.meaning}{value} |"
    yield ""


def _topic(topic: Topic) -> str:
    root = schema(topic)
    blocks = [f"## {topic.name}", "", f"**{topic.event.__name__}.** {root.get('description', '')}", ""]
    blocks.extend(_fields(root, root))
    return "\n".join([*blocks, ""])


def _parts() -> Iterator[str]:
    """What several events are made of, each once."""
    yield "## Parts"
    yield ""
    roots = [schema(topic) for topic in ALL]
    parts = {name: (part, root) for root in roots for name, part in root.get("$defs", {}).items()}
    for name, (part, root) in sorted(parts.items()):
        if "properties" in part:
            yield f"### {name}"
            yield ""
            if "description" in part:
                yield f"{part['description']}\n"
            yield from _fields(part, root)
            yield ""


def _fields(part: JsonSchema, root: JsonSchema) -> Iterator[str]:
    yield "| field | type | if absent | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, field in part["properties"].items():
        absent = "–" if name in part.get("required", []) else _literal(json.dumps(field.get("default")))
        yield f"| `{name}` | {_type(field, root)} | {absent} | {_line(field)} |"


def _line(part: JsonSchema) -> str:
    return " ".join(str(part.get("description", "")).split())


def _type(field: JsonSchema, root: JsonSchema) -> str:
    if "$ref" in field:
        name = field["$ref"].removeprefix("#/$defs/")
        target = resolved(field, root)
        return _type(target, root) if "enum" in target else f"[{name}](#{name.lower()})"
    if variants := field.get("anyOf", field.get("oneOf")):
        return " or ".join(_type(variant, root) for variant in variants if variant != {"type": "null"})
    if "const" in field:
        return _literal(field["const"])
    if "enum" in field:
        return ", ".join(map(_literal, field["enum"]))
    if field.get("type") == "array":
        return f"list of {_type(field['items'], root)}"
    if field.get("type") == "object" and isinstance(field.get("additionalProperties"), dict):
        return f"object of {_type(field['additionalProperties'], root)}"
    return str(field.get("format", field.get("type", "anything")))


def _literal(value: Any) -> str:
    return f"`{value}`"
