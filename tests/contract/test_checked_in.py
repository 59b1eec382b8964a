"""What is checked in is what the code says, and what readers were promised still holds."""

from pathlib import Path

import pytest
import yaml

from ventanilla.contract_docs.files import files, published, write
from ventanilla.contract_docs.publication import BrokenPromiseError, broken, publish
from ventanilla.contract_docs.schemas import schema
from ventanilla.topics import ALL

FOLDER = Path("docs/contracts")


def test_the_documentation_is_up_to_date() -> None:
    stale = [
        str(path)
        for path, text in files().items()
        if not (FOLDER / path).exists() or (FOLDER / path).read_text(encoding="utf-8") != text
    ]
    assert not stale, f"run `make docs` and look at what changed in {', '.join(stale)}"
    left_over = {path.stem for path in (FOLDER / "schemas").glob("*")} - {topic.name for topic in ALL}
    assert not left_over, f"no topic has these any more: {left_over}; run `make docs`"


def test_no_change_breaks_a_reader_of_the_published_version() -> None:
    promised = published(FOLDER)
    assert promised, "nothing was ever published"
    found = [
        f"{topic}: {problem}"
        for topic, trouble in broken(promised, {topic.name: schema(topic) for topic in ALL}).items()
        for problem in trouble
    ]
    assert not found, "\n".join(
        ["Add only fields with a default, or make a .v2 topic (docs/contracts/consuming.md):", *found]
    )


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text(encoding="utf-8"))

    def references(node: object) -> list[str]:
        if isinstance(node, dict):
            here = [node["$ref"]] if "$ref" in node else []
            return here + [one for value in node.values() for one in references(value)]
        if isinstance(node, list):
            return [one for value in node for one in references(value)]
        return []

    for reference in references(document):
        if reference.startswith("#/"):
            target = document
            for step in reference.removeprefix("#/").split("/"):
                target = target[step]
        else:
            assert (FOLDER / reference).is_file(), reference


def test_publishing_twice_changes_nothing_and_a_broken_promise_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    publish(tmp_path)
    first = published(tmp_path)
    publish(tmp_path)
    assert published(tmp_path) == first == {topic.name: schema(topic) for topic in ALL}

    promised = tmp_path / "published/v1/billing.session.v1.json"
    promised.write_text(promised.read_text().replace('"messages"', '"message_count"'))
    before = promised.read_text()
    with pytest.raises(
        BrokenPromiseError, match=r"billing\.session\.v1: message_count: .* expects it always"
    ):
        publish(tmp_path)
    assert promised.read_text() == before
