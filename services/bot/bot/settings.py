"""Settings of the bot, and where the data of the case is found."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from ventanilla.institution import Institution
from ventanilla.settings import PREFIX, ServiceSettings

_CONFIG = Path("deploy/config/cnr.yaml")
_CHECKOUT = Path(__file__).resolve().parents[3]
"""The root of the source tree, when the package runs from one."""


class BotSettings(ServiceSettings):
    """The bot's environment."""

    port: int = Field(8030, validation_alias="VENTANILLA_BOT_PORT")
    knowledge: Path | None = None
    """The folder with the facts, a YAML file for each area; `knowledge` beside the institution's file."""
    language: Path | None = None
    """The folder with texts, spelling and phrases; `language/<its language>` beside that file."""


class CommandSettings(BaseSettings):
    """What `ventanilla understand` needs, without a service's secrets."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    config: Path = _CONFIG if _CONFIG.exists() else _CHECKOUT / _CONFIG
    language: Path | None = None


def knowledge_folder(settings: BotSettings) -> Path:
    """Where the facts are."""
    return settings.knowledge or settings.config.parent / "knowledge"


def language_folder(settings: BotSettings | CommandSettings, institution: Institution) -> Path:
    """Where the texts, the spelling and the phrases are."""
    return settings.language or settings.config.parent / "language" / institution.language
