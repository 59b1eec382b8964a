"""The bot as it runs: turns on a real topic, answers on another, its state in a real store."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from bot.app import create_app
from bot.settings import BotSettings
from support.chat import queued
from support.engines import RunningEngines
from support.topics import eventually_events, write
from ventanilla.access import Role, issue_token
from ventanilla.contracts.channel import Media, Text
from ventanilla.contracts.conversation import BotAnswered, BotOutcome
from ventanilla.topics import BOT_ANSWERED, BOT_QUEUED

CONFIG = Path(__file__).parents[3] / "deploy" / "config" / "cnr.yaml"
TOKEN_KEY = "t" * 32


@pytest.fixture
async def app(engines: RunningEngines, database: str) -> AsyncIterator[FastAPI]:
    app = create_app(
        BotSettings(
            kafka_bootstrap=engines.kafka,
            mongo_url=engines.mongo,
            mongo_database=database,
            config=CONFIG,
            contact_key=SecretStr("c" * 32),
            token_key=SecretStr(TOKEN_KEY),
        )
    )
    async with app.router.lifespan_context(app):
        yield app


async def test_each_turn_is_answered_once_even_when_it_is_said_again(
    engines: RunningEngines, app: FastAPI
) -> None:
    contact = uuid4().hex
    turns = [
        queued(Text(text="q papeles piden pa quitar la hipoteca"), 1, contact, contact),
        queued(Media(type="audio", media_id="1"), 2, contact, contact),
        queued(Text(text="comuniqueme con alguien xfa"), 3, contact, contact),
    ]
    await write(engines.kafka, BOT_QUEUED, [turns[0], turns[0], turns[1], turns[0], turns[2], turns[2]])
    answers = await eventually_events(engines.kafka, BOT_ANSWERED, BotAnswered, {contact}, 3)
    assert [(answer.turn, answer.reason) for answer in answers] == [
        (1, "fact"),
        (2, "unreadable"),
        (3, "requested"),
    ]
    assert answers[2].outcome is BotOutcome.HANDOVER
    assert answers[2].area == "rprh"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bot") as client:
        metrics = (await client.get("/metrics")).text
        token = issue_token(TOKEN_KEY, "ana", Role.SUPERVISOR)
        reading = await client.post(
            "/v1/understand", json={"text": "hola"}, headers={"Authorization": f"Bearer {token}"}
        )
    assert (
        'ventanilla_bot_turns_total{category="requisitos",outcome="handover",reason="requested"}' in metrics
    )
    assert reading.json()["category"] == "saludo"
