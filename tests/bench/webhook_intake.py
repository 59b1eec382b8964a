"""Webhook intake, signed and parsed and keyed and acknowledged, against an ASGI app that only produces.

Both are separate processes with one event loop; one generator sends both the same bodies over 64 connections
that stay open, one request in flight on each, and counts only answers of 200.
"""

import asyncio
import json
import os
import sys
import time

from bench.client import Client, signed
from bench.report import Result
from bench.sizes import Size, Start
from stack.engines import free_port

CONNECTIONS = 64
CONTACTS = 2_000
TARGET = 0.6
SECRET = "bench-app-secret-" + "x" * 32
ACCOUNT = "106540352242922"


async def measure(start: Start, size: Size) -> list[Result]:
    """Requests a second of both, in turn."""
    with start() as engines:
        ours, bare = await _alternately(_environment(engines.kafka, engines.mongo), size)
    return [Result("webhook intake", "bare producer", "requests/s", ours, bare, TARGET)]


def _environment(kafka: str, mongo: str) -> dict[str, str]:
    return {
        **os.environ,
        "VENTANILLA_KAFKA_BOOTSTRAP": kafka,
        "VENTANILLA_MONGO_URL": mongo,
        "VENTANILLA_MONGO_DATABASE": "bench",
        "VENTANILLA_WHATSAPP_APP_SECRET": SECRET,
        "VENTANILLA_WHATSAPP_VERIFY_TOKEN": "v" * 32,
        "VENTANILLA_WHATSAPP_ACCESS_TOKEN": "a" * 32,
        "VENTANILLA_WEBCHAT_KEY": "w" * 32,
        "VENTANILLA_CONTACT_KEY": "c" * 32,
        "VENTANILLA_TOKEN_KEY": "t" * 32,
        "VENTANILLA_LOG_LEVEL": "WARNING",
    }


async def _alternately(environment: dict[str, str], size: Size) -> tuple[list[float], list[float]]:
    ours: list[float] = []
    bare: list[float] = []
    for run in range(size.runs):
        ours.append(await _rate("ingest", environment, run, size.requests))
        bare.append(await _rate("bench.bare_producer", environment, run, size.requests))
    return ours, bare


async def _rate(module: str, environment: dict[str, str], run: int, count: int) -> float:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, env={**environment, "VENTANILLA_INGEST_PORT": str(port)}
    )
    try:
        await _until_ready(port)
        await _load(port, _requests(f"{run}-warm", count // 4))
        requests = _requests(str(run), count)
        started = time.perf_counter()
        await _load(port, requests)
        return count / (time.perf_counter() - started)
    finally:
        process.terminate()
        await process.wait()


def _requests(run: str, count: int) -> list[bytes]:
    """Signed webhooks of one text message each, in the provider's shape, ready to be written."""
    made = []
    for number in range(count):
        contact = f"5037{number % CONTACTS:07d}"
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "50325935000", "phone_number_id": ACCOUNT},
            "contacts": [{"profile": {"name": "Ana"}, "wa_id": contact}],
            "messages": [
                {
                    "from": contact,
                    "id": f"wamid.{run}.{number}",
                    "timestamp": str(int(time.time())),
                    "type": "text",
                    "text": {"body": "q papeles piden pa quitar la hipoteca"},
                }
            ],
        }
        entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
        body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
        made.append(signed(body, SECRET))
    return made


async def _load(port: int, requests: list[bytes]) -> None:
    waiting = iter(requests)
    async with Client(port) as client:

        async def one_after_another() -> None:
            for request in waiting:
                await client.post(request)

        async with asyncio.TaskGroup() as group:
            for _ in range(CONNECTIONS):
                group.create_task(one_after_another())


async def _until_ready(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET /health/ready HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
                answer = await reader.read()
                writer.close()
                if answer.startswith(b"HTTP/1.1 200"):
                    return
            except OSError:
                pass
            await asyncio.sleep(0.2)
