"""The bot's application: the data of the case, the mind made of it, and its wiring."""

from fastapi import FastAPI

from bot import api, handlers
from bot.domain.assistant import Assistant
from bot.knowledge import FactBase, load_facts
from bot.settings import BotSettings, knowledge_folder, language_folder
from bot.texts import Texts
from bot.understanding.classifier import load_understander
from ventanilla.checked_yaml import load_checked
from ventanilla.institution import load_institution
from ventanilla.service import Runtime, service_app
from ventanilla.settings import load_settings


def create_app(settings: BotSettings | None = None) -> FastAPI:
    """Reads the case and trains the understander: blocks for about two seconds. Raises `ConfigError`."""
    settings = settings or load_settings(BotSettings)
    institution = load_institution(settings.config)
    language = language_folder(settings, institution)
    understander = load_understander(language)
    knowledge = FactBase(load_facts(knowledge_folder(settings), institution), understander.words)
    assistant = Assistant(institution, knowledge, understander, load_checked(language / "texts.yaml", Texts))

    async def wire(app: FastAPI, runtime: Runtime[BotSettings]) -> None:
        handlers.consume(runtime.stream, assistant)
        app.include_router(api.routes(settings.token_key.get_secret_value(), understander, knowledge))

    return service_app(
        "bot",
        settings,
        wire,
        title="Ventanilla bot",
        description="Answers, asks, and hands over: what it knows, and how it reads a sentence.",
    )
