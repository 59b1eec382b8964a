"""A whole stack for a test: `ventanilla up` on free ports and in a folder of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from stack.engines import free_port
from stack.services import ALL
from stack.state import CHECKOUT, StackState, read_state

READY_SECONDS = 120.0


@dataclass
class TestStack:
    """Runs beside a developer's own stack: nothing of it is shared."""

    __test__ = False  # no test class, whatever its name begins with

    data: Path
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("VENTANILLA_")}
        ports = {service.port_variable: str(free_port()) for service in ALL}
        own = {"VENTANILLA_DATA": str(self.data), "COLUMNS": "200", "NO_COLOR": "1"}
        self.environment = clean | ports | own | self.environment

    def start(self, *options: str) -> Self:
        """Start, wait for nothing."""
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data / "output.txt").open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "stack", "up", *options],
                env=self.environment,
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return self

    def wait_ready(self) -> Self:
        """Raises `AssertionError` with the stack's output when it ends, or takes too long."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            assert self.process is not None, "not started"
            assert self.process.poll() is None, f"the stack ended:\n{self.output}"
            if "\nready in " in self.output:
                return self
            time.sleep(0.1)
        raise AssertionError(f"the stack is not ready:\n{self.output}")

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask to stop; returns the exit status."""
        assert self.process is not None, "not started"
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Until it has ended; returns the exit status."""
        assert self.process is not None, "not started"
        return self.process.wait(90)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()

    @property
    def output(self) -> str:
        """What the last `up` has printed so far."""
        return (self.data / "output.txt").read_text(encoding="utf-8", errors="replace")

    @property
    def state(self) -> StackState:
        state = read_state(self.data)
        assert state is not None, "nothing runs"
        return state

    def url(self, service: str) -> str:
        return self.state.services[service].url

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `ventanilla ...` as a person would beside the running stack."""
        return subprocess.run(
            [sys.executable, "-m", "stack", *words],
            env=self.environment,
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.command("status", "--json").stdout)
        return found
