"""`python -m router`: the service alone, with settings from the environment."""

from router.app import create_app
from router.settings import RouterSettings
from ventanilla.service import run
from ventanilla.settings import load_settings

if __name__ == "__main__":
    settings = load_settings(RouterSettings)
    run("router", lambda: create_app(settings), settings.host, settings.port)
