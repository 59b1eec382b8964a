"""The services as processes that a test may kill and start again, one by one."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import httpx
from prometheus_client.parser import text_string_to_metric_families

from stack.engines import free_port
from stack.services import ALL, Service
from support.engines import RunningEngines

SECRET = "an-app-secret-of-the-tests-0123456789"
TOKEN_KEY = "t" * 40
_BACKLOGS = (
    "ventanilla_stream_lag_records",
    "ventanilla_stream_in_flight",
    "ventanilla_sandbox_updates_pending",
)


class Fleet:
    """Every service and the sandbox on free ports, on one pair of engines. Nothing restarts by itself."""

    def __init__(
        self,
        engines: RunningEngines,
        database: str,
        logs: Path,
        environment: Mapping[str, str] | None = None,
        *,
        static: bool = True,
    ) -> None:
        """`environment` is added to what every service is given. Not `static`: members without a name."""
        self._ports = {service.name: free_port() for service in ALL}
        self._logs = logs
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        clean = {key: value for key, value in os.environ.items() if not key.startswith("VENTANILLA_")}
        self._environment = {
            **clean,
            **{service.port_variable: str(self._ports[service.name]) for service in ALL},
            "VENTANILLA_KAFKA_BOOTSTRAP": engines.kafka,
            "VENTANILLA_MONGO_URL": engines.mongo,
            "VENTANILLA_MONGO_DATABASE": database,
            **({"VENTANILLA_INSTANCE": "tests"} if static else {}),
            "VENTANILLA_WHATSAPP_APP_SECRET": SECRET,
            "VENTANILLA_WHATSAPP_VERIFY_TOKEN": "v" * 40,
            "VENTANILLA_WHATSAPP_ACCESS_TOKEN": "a" * 40,
            "VENTANILLA_WHATSAPP_BASE_URL": f"{self.url('sandbox')}/v23.0",
            "VENTANILLA_INGEST_URL": self.url("ingest"),
            "VENTANILLA_CONTACT_KEY": "c" * 40,
            "VENTANILLA_TOKEN_KEY": TOKEN_KEY,
            "VENTANILLA_WEBCHAT_KEY": "w" * 40,
            "VENTANILLA_ADMIN_PASSWORD": "una-clave-de-prueba",
            "VENTANILLA_DEMO_PASSWORD": "una-clave-de-prueba",
            **(environment or {}),
        }

    @property
    def secrets(self) -> dict[str, str]:
        """What nobody but the services may read, by the variable's name."""
        kinds = ("SECRET", "TOKEN", "KEY", "PASSWORD")
        ours = {name: text for name, text in self._environment.items() if name.startswith("VENTANILLA_")}
        return {name: text for name, text in ours.items() if name.endswith(kinds)}

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._ports[name]}"

    def port(self, name: str) -> int:
        return self._ports[name]

    def start(self, *names: str) -> Self:
        """Start these, or all; waits for nothing."""
        for service in ALL:
            if not names or service.name in names:
                self._processes[service.name] = self._run(service, service.name)
        return self

    def start_replica(self, name: str) -> str:
        """Start one more process of a service, on its own port; returns the name that it goes by here."""
        (service,) = (one for one in ALL if one.name == name)
        replica = f"{name}-{sum(one.startswith(name) for one in self._processes) + 1}"
        self._ports[replica] = free_port()
        own = {service.port_variable: str(self._ports[replica])}
        if "VENTANILLA_INSTANCE" in self._environment:
            own["VENTANILLA_INSTANCE"] = replica
        self._processes[replica] = self._run(service, replica, own)
        return replica

    def _run(
        self, service: Service, name: str, own: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        with (self._logs / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                service.command,
                env={**self._environment, **(own or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def wait_ready(self, names: Sequence[str] = (), seconds: float = 90) -> None:
        """Until each answers that it is ready; fails with its reasons."""
        deadline = time.monotonic() + seconds
        for name in names or self._processes:
            said = "nothing"
            while True:
                try:
                    answer = httpx.get(f"{self.url(name)}/health/ready", timeout=5)
                    if answer.status_code == 200:
                        break
                    said = answer.text
                except httpx.HTTPError as error:
                    said = type(error).__name__
                assert time.monotonic() < deadline, f"{name} is not ready: {said}\n{self.log(name)[-2000:]}"
                time.sleep(0.1)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a service; after SIGKILL its end is waited for."""
        process = self._processes[name]
        process.send_signal(number)
        if number is signal.SIGKILL:
            process.wait(30)

    async def backlog(self) -> float:
        """Records that the services have not processed yet, and what the provider has still to tell."""
        found = 0.0
        async with httpx.AsyncClient(timeout=20) as client:
            for name in self._processes:
                await client.get(f"{self.url(name)}/health/ready")  # which brings the figures up to date
                text = (await client.get(f"{self.url(name)}/metrics")).text
                for family in text_string_to_metric_families(text):
                    if family.name in _BACKLOGS:
                        found += sum(sample.value for sample in family.samples)
        return found

    def megabytes(self, name: str) -> float:
        """What a service has in memory (resident set) at this moment."""
        status = Path(f"/proc/{self._processes[name].pid}/status").read_text("utf-8")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def log(self, name: str) -> str:
        """Everything that a service wrote."""
        path = self._logs / f"{name}.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def dismiss(self, replica: str) -> None:
        """SIGTERM to a replica, and forget it."""
        process = self._processes.pop(replica)
        del self._ports[replica]
        process.terminate()
        process.wait(30)

    def stop(self) -> None:
        """SIGTERM to all, SIGKILL to who does not end."""
        for process in self._processes.values():
            process.send_signal(signal.SIGCONT)  # a stopped process ends only when it goes on
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
