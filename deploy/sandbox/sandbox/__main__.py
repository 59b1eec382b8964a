"""`python -m sandbox`."""

from sandbox.app import create_app
from sandbox.settings import SandboxSettings
from ventanilla.service import run
from ventanilla.settings import load_settings

settings = load_settings(SandboxSettings)
run("sandbox", lambda: create_app(settings), settings.host, settings.port)
