"""What billing takes from its environment."""

from pydantic import Field

from ventanilla.settings import ServiceSettings


class BillingSettings(ServiceSettings):
    port: int = Field(8050, validation_alias="VENTANILLA_BILLING_PORT")
