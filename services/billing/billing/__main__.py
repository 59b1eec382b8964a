"""`python -m billing`: the service by itself, with its settings from the environment."""

from billing.app import create_app
from billing.settings import BillingSettings
from ventanilla.service import run
from ventanilla.settings import load_settings

if __name__ == "__main__":
    settings = load_settings(BillingSettings)
    run("billing", lambda: create_app(settings), settings.host, settings.port)
