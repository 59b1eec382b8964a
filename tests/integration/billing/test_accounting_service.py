"""Finance sees where every status went, and that it adds up with what Kafka says; and when it does not."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
from aiokafka import AIOKafkaProducer

from stack.topics import apply
from support.billing import Billing
from support.engines import RunningEngines
from support.statuses import ACCOUNT, echo, status
from support.topics import write
from ventanilla.contracts.channel import DeliveryStatus
from ventanilla.store import Store
from ventanilla.topics import ECHOED, STATUS

OPENED = datetime(2026, 11, 10, 15, 0, tzinfo=UTC)


async def accounting(api: httpx.AsyncClient, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    try:
        async with asyncio.timeout(40):
            while True:
                answer = await api.get("/v1/accounting")
                assert answer.status_code == 200, answer.text
                found = answer.json()
                if until(found):
                    return found
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"the accounting still says {found}") from None


async def test_every_status_has_an_outcome_by_both_counts_and_a_lost_meter_is_told(
    new_engines: Callable[[], RunningEngines], billing: Billing, database: str
) -> None:
    fresh = new_engines()
    await apply(fresh.kafka)
    people = [uuid4().hex for _ in range(10)]
    delivered = [status(one, "wamid.1", OPENED) for one in people]
    read = [status(one, "wamid.1", OPENED + timedelta(hours=1), DeliveryStatus.READ) for one in people[:4]]
    sent = [status(one, "wamid.2", OPENED, DeliveryStatus.SENT) for one in people[:3]]
    async with billing(fresh) as api:
        await write(fresh.kafka, STATUS, [*delivered, *read, *sent, *delivered[:2]])
        await write(fresh.kafka, ECHOED, [echo(people[9], "wamid.1", OPENED)])
        producer = AIOKafkaProducer(bootstrap_servers=fresh.kafka)
        await producer.start()
        await producer.send_and_wait(STATUS.name, b"no status", people[0].encode())
        await producer.stop()

        found = await accounting(
            api,
            lambda one: one["topic"]["done"] == 20 and not one["topic"]["working"] and one["counted"] == 9,
        )
        assert (found["adds_up"], found["unaccounted"], found["received"]) == (True, 0, 19)
        assert found["topic"] == {"done": 20, "dead_letters": 1, "waiting": 0, "working": False}
        assert found["accounts"] == [
            {
                "channel": "whatsapp", "account": ACCOUNT, "received": 19, "counted": 9,
                "duplicate": {"again": 6}, "excluded": {"not_delivered": 3, "echoed": 1},
                "quarantined": {}, "moved": 0, "adds_up": True,
            }
        ]  # fmt: skip

    store = Store.connect(fresh.mongo, database)
    await store.collection("billing_meters").delete_one({"_id": people[0]})
    await store.close()
    async with billing(fresh) as api:
        lost = await accounting(api, lambda one: not one["topic"]["working"])
        assert (lost["adds_up"], lost["unaccounted"]) == (False, 4)
