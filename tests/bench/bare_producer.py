"""The baseline of webhook intake: an ASGI application that only produces.

It reads the body, sends it to Kafka with `acks=all`, waits for the acknowledgement, and answers 200. No
signature, no parsing, no contact, no contract.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from aiokafka import AIOKafkaProducer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    producer = AIOKafkaProducer(
        bootstrap_servers=os.environ["VENTANILLA_KAFKA_BOOTSTRAP"],
        acks="all",
        enable_idempotence=True,
        max_batch_size=256 * 1024,
    )
    await producer.start()
    app.state.producer = producer
    yield
    await producer.stop()


async def webhook(request: Request) -> Response:
    body = await request.body()
    producer: AIOKafkaProducer = request.app.state.producer
    await producer.send_and_wait("bench.bare", body, body[-40:-8])
    return Response()


async def ready(_: Request) -> Response:
    return Response()


app = Starlette(
    routes=[Route("/webhooks/whatsapp", webhook, methods=["POST"]), Route("/health/ready", ready)],
    lifespan=lifespan,
)

if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["VENTANILLA_INGEST_PORT"]), log_level="warning", access_log=False)
