"""The AsyncAPI 3.0 document: every topic with its message, headers, key and who writes and reads it."""

from importlib.metadata import version
from typing import Any

from ventanilla.contract_docs.headers import Header, headers
from ventanilla.contract_docs.schemas import DIALECT
from ventanilla.topics import ALL, Topic

_SCHEMA_FORMAT = "application/schema+json;version=draft-2020-12"
_DAY_MILLISECONDS = 24 * 60 * 60 * 1000


def document() -> dict[str, Any]:
    """The whole document, in the order of the declared topics."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Ventanilla",
            "version": version("ventanilla"),
            "description": "What the services of Ventanilla say to each other, and to whoever else listens. "
            f"Payloads are JSON Schema ({DIALECT}). See consuming.md for a consumer that works.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in ALL},
        "operations": {
            f"{service}-{action}-{_slug(topic)}": _operation(topic, action)
            for topic in ALL
            for action, service in [
                ("send", topic.producer),
                *(("receive", consumer) for consumer in topic.consumers),
            ]
        },
        "components": {
            "messages": {topic.event.__name__ + "-" + _slug(topic): _message(topic) for topic in ALL}
        },
    }


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "title": topic.purpose,
        "messages": {
            topic.event.__name__: {"$ref": f"#/components/messages/{topic.event.__name__}-{_slug(topic)}"}
        },
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {"retention.ms": topic.retention.days * _DAY_MILLISECONDS},
                "bindingVersion": "0.5.0",
            }
        },
    }


def _message(topic: Topic) -> dict[str, Any]:
    declared = headers(topic)
    return {
        "name": topic.event.__name__,
        "title": topic.purpose,
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "required": [header.name for header in declared],
            "properties": {header.name: _header(header) for header in declared},
        },
        "payload": {"schemaFormat": _SCHEMA_FORMAT, "schema": {"$ref": f"schemas/{topic.name}.json"}},
        "correlationId": {"location": "$message.payload#/correlation_id"},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": "The event's `contact_id`"},
                "bindingVersion": "0.5.0",
            }
        },
    }


def _header(header: Header) -> dict[str, str]:
    keywords = {"const": header.const, "format": header.format, "pattern": header.pattern}
    return {
        "type": "string",
        "description": header.meaning,
        **{name: value for name, value in keywords.items() if value is not None},
    }


def _operation(topic: Topic, action: str) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "messages": [{"$ref": f"#/channels/{topic.name}/messages/{topic.event.__name__}"}],
    }


def _slug(topic: Topic) -> str:
    return topic.name.replace(".", "-")
