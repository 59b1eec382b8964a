"""Prints the metered sessions of Ventanilla as they become known: one JSON line for each change.

Needs aiokafka and nothing of Ventanilla. Settings: KAFKA_BOOTSTRAP, KAFKA_GROUP, and KAFKA_USER with
KAFKA_PASSWORD where the broker asks (SASL/SCRAM over TLS).
"""

import asyncio
import json
import os
import ssl
import sys

from aiokafka import AIOKafkaConsumer, TopicPartition

TOPIC = "billing.session.v1"


def consumer() -> AIOKafkaConsumer:
    security = {}
    if user := os.environ.get("KAFKA_USER"):
        security = {
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": user,
            "sasl_plain_password": os.environ["KAFKA_PASSWORD"],
            "ssl_context": ssl.create_default_context(),
        }
    return AIOKafkaConsumer(
        TOPIC,
        bootstrap_servers=os.environ.get("KAFKA_BOOTSTRAP", "127.0.0.1:9092"),
        group_id=os.environ.get("KAFKA_GROUP", "example.sessions"),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        **security,
    )


async def main() -> None:
    known: dict[str, int] = {}  # session -> revision; a real consumer keeps this with its effect
    sessions = consumer()
    await sessions.start()
    try:
        async for record in sessions:
            change = json.loads(record.value)
            if change.get("revision", 1) > known.get(change["session_id"], 0):
                known[change["session_id"]] = change.get("revision", 1)
                headers = {name: value.decode() for name, value in record.headers}
                line = {"event": headers["ce_id"], "change": change["change"], "month": change["month"]}
                line |= {"session": change["session_id"], "messages": change["messages"]}
                sys.stdout.write(json.dumps(line) + "\n")
                sys.stdout.flush()
            await sessions.commit({TopicPartition(record.topic, record.partition): record.offset + 1})
    finally:
        await sessions.stop()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
