"""The month's allotment is used up: no template goes out any more, replies do."""

import asyncio
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ingest.settings import IngestSettings
from support.allotments import used_up, with_policy
from support.engines import RunningEngines
from support.provider import Provider
from support.topics import write
from ventanilla.clock import utc_now
from ventanilla.contracts.channel import DeliveryStatus, MessageStatus, Template
from ventanilla.topics import ALLOTMENT, OUTBOUND

from .conftest import Ingest
from .test_deliveries import answer, somebody, statuses

TEMPLATE = Template(name="seguimiento_consulta", language="es")


def this_month() -> str:
    return f"{utc_now().astimezone(ZoneInfo('America/El_Salvador')):%Y-%m}"


def told(found: list[MessageStatus]) -> list[tuple[str, str]]:
    return [(one.status.value, one.error.code if one.error else "") for one in found]


@pytest.mark.parametrize("policy", ["replies_only", "bot_only"])
async def test_templates_are_refused_with_a_reason_and_replies_go_out(
    ingest: Ingest,
    fresh_engines: RunningEngines,
    provider: Provider,
    settings: IngestSettings,
    tmp_path: Path,
    policy: str,
) -> None:
    object.__setattr__(settings, "config", with_policy(tmp_path, policy))
    citizen = somebody()
    async with ingest() as client:
        await citizen.write(client)
    # Said while ingest was away: it knows before it is ready.
    await write(fresh_engines.kafka, ALLOTMENT, [used_up(this_month(), 90), used_up(this_month())])
    async with ingest():
        late = utc_now() - timedelta(days=2)
        await write(
            fresh_engines.kafka,
            OUTBOUND,
            [
                answer(citizen, TEMPLATE),
                answer(citizen, "tarde", reply_window_until=late),
                answer(citizen, "a tiempo"),
            ],
        )
        found = await statuses(fresh_engines, citizen, 3)
    assert told(found) == [
        ("refused", "allotment_exhausted"), ("refused", "allotment_exhausted"), ("accepted", ""),
    ]  # fmt: skip
    assert [request["type"] for request in provider.requests] == ["text"]


async def test_it_is_obeyed_from_the_moment_at_which_it_is_said(
    ingest: Ingest,
    fresh_engines: RunningEngines,
    provider: Provider,
    settings: IngestSettings,
    tmp_path: Path,
) -> None:
    object.__setattr__(settings, "config", with_policy(tmp_path, "replies_only"))
    citizen = somebody()
    last = "1999-01"  # a month of long ago changes nothing
    async with ingest() as client:
        await citizen.write(client)
        await write(fresh_engines.kafka, ALLOTMENT, [used_up(last)])
        await write(fresh_engines.kafka, ALLOTMENT, [used_up(this_month())])
        async with asyncio.timeout(20):
            count = 0
            while True:
                count += 1
                await write(fresh_engines.kafka, OUTBOUND, [answer(citizen, TEMPLATE)])
                found = await statuses(fresh_engines, citizen, count)
                if found[-1].status is DeliveryStatus.REFUSED:
                    break
                await asyncio.sleep(0.2)
        assert (await client.get("/health/ready")).status_code == 200


async def test_an_institution_that_goes_on_sends_them(
    ingest: Ingest, fresh_engines: RunningEngines, provider: Provider
) -> None:
    citizen = somebody()
    await write(fresh_engines.kafka, ALLOTMENT, [used_up(this_month())])
    async with ingest() as client:
        await citizen.write(client)
        await write(fresh_engines.kafka, OUTBOUND, [answer(citizen, TEMPLATE)])
        assert told(await statuses(fresh_engines, citizen, 1)) == [("accepted", "")]
    assert [request["type"] for request in provider.requests] == ["template"]
