"""What ingest takes from its environment."""

from pydantic import Field, SecretStr

from ventanilla.settings import ServiceSettings


class IngestSettings(ServiceSettings):
    port: int = Field(8010, validation_alias="VENTANILLA_INGEST_PORT")
    whatsapp_app_secret: SecretStr = Field(min_length=16)
    """Meta signs its webhooks with it."""
    whatsapp_verify_token: SecretStr = Field(min_length=8)
    """Made up by us, and typed in at Meta where the webhook is subscribed."""
    whatsapp_access_token: SecretStr = Field(min_length=8)
    """A system user's token that may send from our numbers."""
    whatsapp_base_url: str = "https://graph.facebook.com/v23.0"
    webchat_key: SecretStr = Field(min_length=32)
    """Signs the visitors' tokens."""
    webchat_origins: list[str] = []
    """The sites that may embed the web chat, as a JSON list; empty = any."""
    intake_requests: int = Field(256, ge=1, le=100_000)
    """How many webhooks, and how many web chat messages, are worked on at a time; beyond that, 503."""
    intake_megabytes: int = Field(32, ge=4, le=100_000)
    """How much webhooks of more than 64 KiB may hold together; one of 3 MiB is the largest that there is."""
