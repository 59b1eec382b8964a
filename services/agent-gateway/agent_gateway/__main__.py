"""`python -m agent_gateway`: run the service with settings from the environment."""

from agent_gateway.app import create_app
from agent_gateway.settings import DeskSettings
from ventanilla.service import run
from ventanilla.settings import load_settings

if __name__ == "__main__":
    settings = load_settings(DeskSettings)
    run("agent-gateway", lambda: create_app(settings), settings.host, settings.port)
