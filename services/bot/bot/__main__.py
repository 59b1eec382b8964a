"""`python -m bot`: run the service with settings from the environment."""

from bot.app import create_app
from bot.settings import BotSettings
from ventanilla.service import run
from ventanilla.settings import load_settings

if __name__ == "__main__":
    settings = load_settings(BotSettings)
    run("bot", lambda: create_app(settings), settings.host, settings.port)
