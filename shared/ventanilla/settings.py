"""Settings that every service takes from its environment, or from files in a secrets folder."""

import os
import sys
from pathlib import Path
from typing import TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "VENTANILLA_"


class ServiceSettings(BaseSettings):
    """The common part. A service adds its own fields; each is `VENTANILLA_<FIELD>` in the environment.

    With `VENTANILLA_SECRETS_DIR` set (`/run/secrets`), a file of the variable's name there serves as well.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    kafka_bootstrap: str = "127.0.0.1:9092"
    """`host:port` of one broker or of several, with commas between them."""
    mongo_url: str = "mongodb://127.0.0.1:27017"
    mongo_database: str = "ventanilla"
    config: Path = Path("deploy/config/cnr.yaml")
    """The institution's file."""
    instance: str | None = Field(default=None, pattern=r"^[\w.-]{1,100}$")
    """A name that this process keeps over restarts and shares with no other replica (a pod's, of a stateful
    set). With it the consumer is a static member of its groups: after a crash it gets its partitions back at
    once. Without it Kafka first waits for the session to time out."""
    host: str = "127.0.0.1"
    log_level: str = "INFO"
    contact_key: SecretStr = Field(min_length=32)
    """Keys the pseudonyms of contacts. Changing it makes every contact a new one."""
    token_key: SecretStr = Field(min_length=32)
    """Signs the bearer tokens of the HTTP APIs."""


S = TypeVar("S", bound=BaseSettings)


def load_settings(kind: type[S]) -> S:
    """Read settings, or end the process with status 2 and a line for each problem that says what to set."""
    secrets_dir = os.environ.get(f"{PREFIX}SECRETS_DIR")
    try:
        return kind(_secrets_dir=secrets_dir) if secrets_dir else kind()
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            name = ".".join(str(step) for step in problem["loc"])
            variable = name if name.startswith(PREFIX) else f"{PREFIX}{name.upper()}"
            sys.stderr.write(f"{variable}: {problem['msg']}. Set it in the environment.\n")
        raise SystemExit(2) from None
