"""JSON Schemas of what stands on each topic, as the writer writes it."""

from typing import Any

from ventanilla.topics import Topic

JsonSchema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(topic: Topic) -> JsonSchema:
    """The schema of a record's value. What has a default may be absent, and what is None always is."""
    made = topic.event.model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": DIALECT, "$id": f"urn:ventanilla:schema:{topic.name}", **made}


def resolved(node: JsonSchema, root: JsonSchema) -> JsonSchema:
    """`node`, or what it refers to within `root`."""
    while "$ref" in node:
        node = root["$defs"][node["$ref"].removeprefix("#/$defs/")]
    return node
