"""The router's settings."""

from pydantic import Field

from ventanilla.settings import ServiceSettings


class RouterSettings(ServiceSettings):
    """Beside the common ones (see `ventanilla.settings`)."""

    port: int = Field(8020, validation_alias="VENTANILLA_ROUTER_PORT")
