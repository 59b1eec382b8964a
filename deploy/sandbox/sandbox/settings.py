"""Settings of the sandbox, from the environment. It needs no engine and no key of ours but the provider's."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class SandboxSettings(BaseSettings):
    """Each field is `VENTANILLA_<FIELD>`, or the name that its alias gives."""

    model_config = SettingsConfigDict(
        env_prefix="VENTANILLA_", extra="ignore", frozen=True, populate_by_name=True
    )

    whatsapp_app_secret: SecretStr = Field(min_length=1)
    """Signs the webhooks that we send."""
    whatsapp_access_token: SecretStr = Field(min_length=1)
    """What callers of the Graph API must bear."""
    ingest_url: str = "http://127.0.0.1:8010"
    config: Path = Path("deploy/config/cnr.yaml")
    """The institution's file: its WhatsApp accounts are the numbers that exist here."""
    host: str = "127.0.0.1"
    log_level: str = "INFO"
    port: int = Field(8090, validation_alias="VENTANILLA_SANDBOX_PORT")
    status_delay: float = Field(0.1, ge=0, le=60, validation_alias="VENTANILLA_SANDBOX_STATUS_DELAY")
    """Seconds from one status of a message to the next."""
    phones: int = Field(10_000, ge=1, validation_alias="VENTANILLA_SANDBOX_PHONES")
    """How many phones are remembered; the one silent for longest is forgotten first."""
    messages: int = Field(100_000, ge=1, validation_alias="VENTANILLA_SANDBOX_MESSAGES")
    """How many messages are remembered, all phones together; the oldest are forgotten first."""
