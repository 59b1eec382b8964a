"""What billing takes from its environment."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from ventanilla.settings import PREFIX, ServiceSettings

_CONFIG = Path("deploy/config/cnr.yaml")
_CHECKOUT = Path(__file__).resolve().parents[3]
"""The root of the source tree, when the package runs from one."""


class BillingSettings(ServiceSettings):
    port: int = Field(8050, validation_alias="VENTANILLA_BILLING_PORT")
    desk_url: str | None = Field(default=None, pattern=r"^https?://[^#?\s]+$")
    """Where people's browsers find the desk, which lets them in to the finance page."""


class CommandSettings(BaseSettings):
    """What billing's commands need, without a service's secrets."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    config: Path = _CONFIG if _CONFIG.exists() else _CHECKOUT / _CONFIG
    """The institution's file; the folder `plans` is beside it."""
