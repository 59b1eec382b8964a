"""Genuine signatures under senseless webhooks, and senseless frames from browsers, at the running services.

Whatever comes, ingest answers with what the provider understands, nobody's log tells of an error, and what
ingest let through every other service can process: no dead letter of theirs, no consumer that stopped.
"""

import asyncio
import json
import os
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from security.test_parsers import FRAME, GENUINE, JSON, places, raw_with, with_other
from support.engines import RunningEngines
from support.fleet import SECRET, Fleet
from support.topics import dead_letters
from support.whatsapp import signed
from ventanilla.topics import dead_letter_topics

CASES = 5 * int(os.environ.get("VENTANILLA_FUZZ", "30"))
SERVICES = ("ingest", "router", "bot", "agent-gateway", "billing")
FUZZ = settings(max_examples=CASES, suppress_health_check=list(HealthCheck))

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def http(fleet: Fleet) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=fleet.url("ingest"), timeout=30) as client:
        yield client


_DELIVERIES = count()


def post(http: httpx.Client, body: bytes) -> int:
    """As a delivery of its own: no message of it came before, and it is one of twenty people."""
    number = next(_DELIVERIES)
    body = body.replace(b"wamid.", b"wamid.%d." % number).replace(
        b"50370001234", b"503700012%02d" % (number % 20)
    )
    return http.post("/webhooks/whatsapp", content=body, headers=signed(SECRET, body)).status_code


@seed(20261125)
@FUZZ
@given(place=st.sampled_from(places(GENUINE)), other=JSON.map(json.dumps))
def test_a_signed_webhook_with_anything_anywhere_is_taken_or_refused(
    http: httpx.Client, place: tuple[Any, ...], other: str
) -> None:
    assert post(http, raw_with(GENUINE, place, other)) in (200, 400)


@seed(20261125)
@FUZZ
@given(put=st.binary(max_size=50), at=st.integers(0, 4000), gone=st.integers(0, 30))
def test_a_signed_webhook_cut_or_with_other_bytes_in_it_is_taken_or_refused(
    http: httpx.Client, put: bytes, at: int, gone: int
) -> None:
    body = json.dumps(GENUINE).encode()
    assert post(http, body[:at] + put + body[at + gone :]) in (200, 400)


@pytest.mark.parametrize("number", ["1e999", "NaN"])
def test_a_number_that_is_none_is_taken_or_refused_wherever_it_stands(
    http: httpx.Client, number: str
) -> None:
    for place in places(GENUINE):
        assert post(http, raw_with(GENUINE, place, number)) in (200, 400), place


def test_what_is_not_signed_is_refused_before_it_is_read(http: httpx.Client) -> None:
    body = json.dumps(GENUINE).encode()
    genuine = signed(SECRET, body)
    name = "X-Hub-Signature-256"
    for headers in (
        {},
        {name: ""},
        {name: genuine[name][:-1]},
        {name: genuine[name].replace("sha256", "sha1")},
        {name: "sha256=" + "0" * 64},
        signed("another secret", body),
    ):
        assert http.post("/webhooks/whatsapp", content=body, headers=headers).status_code == 401, headers
    assert http.post("/webhooks/whatsapp", content=body + b" ", headers=genuine).status_code == 401
    assert http.post("/webhooks/whatsapp", content=b"x" * 4_000_000, headers=genuine).status_code == 413


async def test_a_browser_may_send_anything(fleet: Fleet) -> None:
    others: list[Any] = [None, 7, "", "\x00", "x" * 5000, [], {}, 1e308, -1, 2**63]
    odd: list[str | bytes] = [
        json.dumps(with_other(FRAME, place, other)) for place in places(FRAME) for other in others
    ]
    odd += ["", "{", "[" * 5000, b"\x00\xff", "\ud7ff", json.dumps({"type": "hello", "token": "x"})]
    url = fleet.url("ingest").replace("http", "ws") + "/webchat/web/socket"
    codes: set[int] = set()
    for frame in odd:
        async with connect(url, proxy=None) as connection:
            try:
                await connection.send(json.dumps({"type": "hello"}))
                await connection.recv()
                await connection.send(frame)
                await connection.send(json.dumps({"type": "ping"}))
                while json.loads(await asyncio.wait_for(connection.recv(), 10))["type"] != "pong":
                    pass
            except ConnectionClosed as end:
                codes.add(end.rcvd.code if end.rcvd else 0)
    assert codes <= {1003, 1007, 1009, 4400, 4429}, codes


async def test_afterwards_every_service_works_and_could_process_all_that_was_let_through(
    fleet: Fleet, ground: RunningEngines
) -> None:
    said = await lag_is_gone(fleet)
    for name in ("router", "agent-gateway", "billing"):
        count_of = [float(line.rpartition(" ")[2]) for line in said[name].splitlines() if "processed" in line]
        assert sum(count_of) > CASES, (name, said[name])
    for name in SERVICES:
        answer = await asyncio.to_thread(httpx.get, f"{fleet.url(name)}/health/ready")
        assert answer.status_code == 200, (name, answer.text)
        loud = [line for line in fleet.log(name).splitlines() if '"level": "error"' in line]
        loud += [line for line in fleet.log(name).splitlines() if '"level": "critical"' in line]
        assert loud == [], (name, loud[:3])
    for topic in dead_letter_topics():
        if topic.endswith(".ingest.dlq"):
            continue
        errors = [letter.error for letter in await dead_letters(ground.kafka, topic)]
        assert errors == [], topic


async def lag_is_gone(fleet: Fleet) -> dict[str, str]:
    """Everything that was accepted has been processed: the services count no more. What they counted."""
    before: dict[str, str] = {}
    for _ in range(60):
        now = {name: await asyncio.to_thread(processed, fleet, name) for name in SERVICES}
        if now == before:
            return now
        before = now
        await asyncio.sleep(1)
    raise AssertionError("the services are still at it")


def processed(fleet: Fleet, name: str) -> str:
    said = httpx.get(f"{fleet.url(name)}/metrics").text
    return "\n".join(line for line in said.splitlines() if line.startswith("ventanilla_stream_records_total"))
