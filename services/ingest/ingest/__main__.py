"""`python -m ingest`: the service by itself, with its settings from the environment."""

from ingest.app import create_app
from ingest.settings import IngestSettings
from ventanilla.service import run
from ventanilla.settings import load_settings

if __name__ == "__main__":
    settings = load_settings(IngestSettings)
    run("ingest", lambda: create_app(settings), settings.host, settings.port)
