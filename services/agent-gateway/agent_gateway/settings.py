"""What the desk takes from its environment."""

from pydantic import Field, SecretStr

from ventanilla.settings import ServiceSettings


class DeskSettings(ServiceSettings):
    port: int = Field(8040, validation_alias="VENTANILLA_AGENT_GATEWAY_PORT")
    admin_password: SecretStr | None = None
    """Makes the account `admin` when there is no account at all."""
    demo_password: SecretStr | None = None
    """Sandboxes only: makes `agente.<area>` for each area, `agente.<queue>` for each queue without one,
    `supervisora` and `finanzas`, where they are missing."""
    finance_url: str | None = Field(default=None, pattern=r"^https?://[^#?\s]+$")
    """Where people's browsers find the finance page, billing's; without it the desk leads to none."""
