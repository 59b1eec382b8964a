"""Which files the documentation consists of, and what stands in each."""

import json
from pathlib import Path

import yaml

from ventanilla.contract_docs.asyncapi import document
from ventanilla.contract_docs.page import page
from ventanilla.contract_docs.schemas import JsonSchema, schema
from ventanilla.topics import ALL

PUBLISHED = Path("published/v1")
"""The schemas as they were promised to readers, within the folder of the documentation."""

_SCHEMAS = Path("schemas")


def files() -> dict[Path, str]:
    """Every generated file, by its path within the folder. The same code gives the same bytes."""
    made = {_SCHEMAS / f"{topic.name}.json": as_text(schema(topic)) for topic in ALL}
    made[Path("asyncapi.yaml")] = (
        "# Written by `make docs`; change the code, not this file.\n"
        + yaml.safe_dump(document(), sort_keys=False, allow_unicode=True, width=110)
    )
    made[Path("README.md")] = page()
    return made


def write(folder: Path) -> None:
    """Write the files; a schema of a topic that is no more goes away."""
    made = files()
    for path, text in made.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    for path in (folder / _SCHEMAS).glob("*.json"):
        if path.relative_to(folder) not in made:
            path.unlink()


def published(folder: Path) -> dict[str, JsonSchema]:
    """The promised schemas, by topic."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((folder / PUBLISHED).glob("*.json"))
    }


def as_text(value: JsonSchema) -> str:
    """JSON as it is checked in."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
