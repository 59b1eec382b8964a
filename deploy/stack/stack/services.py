"""What a stack is made of: the five services and the sandbox, with their ports and how each is started."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from stack.engines import HOST


@dataclass(frozen=True)
class Service:
    """One process of the stack. `purpose` is what a person opens it for, if anything."""

    name: str
    module: str
    default_port: int
    purpose: str
    page: str | None = None
    """The path of the page that a person opens."""

    @property
    def port_variable(self) -> str:
        return f"VENTANILLA_{self.name.upper().replace('-', '_')}_PORT"

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", self.module]

    def port(self, environment: Mapping[str, str] = os.environ) -> int:
        """Raises `PortError` when the variable is set to something that is no port."""
        return read_port(self.port_variable, environment) or self.default_port

    def url(self, environment: Mapping[str, str] = os.environ) -> str:
        return f"http://{HOST}:{self.port(environment)}"


class PortError(Exception):
    """A port cannot be used; the message says which, why, and what to set."""


def read_port(variable: str, environment: Mapping[str, str] = os.environ) -> int | None:
    """The port that a variable names, or None when it is unset or empty. Raises `PortError`."""
    text = environment.get(variable, "")
    if not text:
        return None
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise PortError(f"{variable} is {text!r}; set it to a number from 1 to 65535")
    return int(text)


INGEST = Service("ingest", "ingest", 8010, "web chat page, and the channels' webhooks", "/webchat/")
ROUTER = Service("router", "router", 8020, "state of a conversation (API)")
BOT = Service("bot", "bot", 8030, "probes only")
AGENT_GATEWAY = Service("agent-gateway", "agent_gateway", 8040, "the agents' desk", "/")
BILLING = Service("billing", "billing", 8050, "the finance page: sessions, cost, budget", "/")
SANDBOX = Service("sandbox", "sandbox", 8090, "simulated phones of citizens", "/")

SERVICES = (INGEST, ROUTER, BOT, AGENT_GATEWAY, BILLING)
ALL = (*SERVICES, SANDBOX)

KAFKA_PORT = "VENTANILLA_KAFKA_PORT"
MONGO_PORT = "VENTANILLA_MONGO_PORT"
"""Where the embedded engines listen; free ports when unset."""
