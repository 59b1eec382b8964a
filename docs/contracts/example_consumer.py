"""A consumer of `billing.session.v1` for another team: it keeps each session and prints every change.

It needs Python 3.11 and aiokafka, and nothing of ours:

    pip install aiokafka
    python example_consumer.py --database sessions.db

Environment: VENTANILLA_KAFKA_BOOTSTRAP (127.0.0.1:9092), EXAMPLE_GROUP (example-sessions), and where the
broker asks for it EXAMPLE_SASL_USERNAME and EXAMPLE_SASL_PASSWORD (SCRAM-SHA-512 over TLS).

What makes it right, whatever dies when:
* its effect is idempotent: of a session only a later `revision` changes anything, so a record that comes
  again, or the whole topic read again from the start, ends in the same table;
* offsets are committed after the effect is durable, and always named, so a rebalance commits nothing unread;
* what it cannot read is counted and shown, and does not stop the rest.
"""

import argparse
import asyncio
import contextlib
import json
import os
import sqlite3
import ssl
import sys
from typing import Any

from aiokafka import AIOKafkaConsumer

TOPIC = "billing.session.v1"

TABLE = """
create table if not exists session (
    id text primary key, revision integer not null, standing integer not null,
    channel text not null, account text not null, contact text not null, month text not null,
    opened_at text not null, messages integer not null
)
"""

# A row changes only for a later revision: this is all the idempotence there is, and all that is needed.
KEEP = """
insert into session values (:session_id, :revision, :standing, :channel, :account, :contact_id, :month,
                            :opened_at, :messages)
on conflict (id) do update set revision = excluded.revision, standing = excluded.standing,
    month = excluded.month, opened_at = excluded.opened_at, messages = excluded.messages
where excluded.revision > session.revision
"""

TOTALS = "select month, channel, count(*) from session where standing group by month, channel order by 1, 2"


def connection() -> dict[str, Any]:
    """How to reach the broker."""
    options: dict[str, Any] = {
        "bootstrap_servers": os.environ.get("VENTANILLA_KAFKA_BOOTSTRAP", "127.0.0.1:9092"),
    }
    if username := os.environ.get("EXAMPLE_SASL_USERNAME"):
        options |= {
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": username,
            "sasl_plain_password": os.environ["EXAMPLE_SASL_PASSWORD"],
            "ssl_context": ssl.create_default_context(),
        }
    return options


def read(record: Any) -> dict[str, Any]:
    """The session of a record, checked as far as this consumer relies on it. Raises `ValueError`."""
    headers = {name: value.decode() for name, value in record.headers if value is not None}
    if headers.get("ce_type") != TOPIC:
        raise ValueError(f"its ce_type is {headers.get('ce_type')!r}")
    session = json.loads(record.value or b"null")
    try:
        kept = {
            name: session[name]
            for name in ("session_id", "channel", "account", "contact_id", "month", "opened_at", "messages")
        }
    except (KeyError, TypeError) as error:
        raise ValueError(f"it lacks {error}") from None
    return {
        **kept,
        "revision": session.get("revision", 1),  # an absent field means its default
        "standing": session.get("change") != "voided",
        "event_id": headers.get("ce_id", ""),
    }


async def consume(database: sqlite3.Connection, *, until_end: bool) -> None:
    """Keep and print sessions; for ever, or until what stands on the topic now has been read."""
    consumer = AIOKafkaConsumer(
        TOPIC,
        group_id=os.environ.get("EXAMPLE_GROUP", "example-sessions"),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        **connection(),
    )
    await consumer.start()
    try:
        while True:
            batches = await consumer.getmany(timeout_ms=500, max_records=500)
            with database:  # one transaction for the batch: it is there as a whole, or it comes again
                for batch in batches.values():
                    for record in batch:
                        keep(database, record)
            if batches:
                await consumer.commit({part: batch[-1].offset + 1 for part, batch in batches.items()})
            elif until_end and await at_end(consumer):
                return
    finally:
        await consumer.stop()


def keep(database: sqlite3.Connection, record: Any) -> None:
    """One record into the table, and a line about it."""
    try:
        session = read(record)
    except ValueError as error:
        print(f"cannot read {record.partition}:{record.offset}: {error}", file=sys.stderr)
        return
    if database.execute(KEEP, session).rowcount:
        state = "standing" if session["standing"] else "voided"
        print(
            f"{session['opened_at']}  {session['channel']:<9} {session['contact_id'][:8]}  "
            f"{session['messages']:>3} messages  {state}  (event {session['event_id']})"
        )


async def at_end(consumer: AIOKafkaConsumer) -> bool:
    """Whether everything that stands on our partitions has been read."""
    assigned = consumer.assignment()
    if not assigned:
        return False
    ends = await consumer.end_offsets(assigned)
    return all([await consumer.position(part) >= end for part, end in ends.items()])


def main() -> None:
    parser = argparse.ArgumentParser(description="Keep the sessions of billing.session.v1 and print them.")
    parser.add_argument("--database", default="sessions.db", help="the SQLite file that keeps them")
    parser.add_argument("--until-end", action="store_true", help="print the totals and stop at the end")
    arguments = parser.parse_args()
    database = sqlite3.connect(arguments.database)
    database.execute(TABLE)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(consume(database, until_end=arguments.until_end))
    for month, channel, count in database.execute(TOTALS):
        print(f"{month}  {channel:<9} {count} sessions")
    database.close()


if __name__ == "__main__":
    main()
