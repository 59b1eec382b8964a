"""`ventanilla up`: everything that runs, from the first check to the last stop."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from stack import services, topics
from stack.engines import EngineError, Engines, start_engines
from stack.leftovers import end_leftovers
from stack.logs import readable
from stack.ports import Wanted, conflicts
from stack.processes import Child
from stack.secrets import FILE, ensure_secrets, load_secrets
from stack.services import PortError, read_port
from stack.state import (
    InUseError,
    RunningService,
    StackState,
    config_file,
    exclusive,
    forget_state,
    write_state,
)
from stack.supervision import NotReadyError, Supervision
from ventanilla.institution import ConfigError, Institution, load_institution

KAFKA = "VENTANILLA_KAFKA_BOOTSTRAP"
MONGO = "VENTANILLA_MONGO_URL"
DATABASE = "VENTANILLA_MONGO_DATABASE"


class StartError(Exception):
    """The stack cannot start, or ended by itself. The message is for the person who started it."""


@dataclass(frozen=True)
class Options:
    """What `up` was asked for."""

    data: Path
    embedded_engines: bool = True
    json_logs: bool = False


def up(options: Options) -> int:
    """Runs until Ctrl-C or SIGTERM (exit status 0), or until it cannot (1)."""
    return asyncio.run(_Up(options).run())


class _Up:
    def __init__(self, options: Options) -> None:
        self._options = options
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        # With JSON logs standard output is for programs: what is said to people goes beside it.
        self._console = _PatientConsole(self._stop.set, stderr=options.json_logs)
        self._began = time.monotonic()

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._asked_to_stop)
        try:
            with exclusive(self._options.data):
                return await self._hold()
        except (StartError, InUseError, EngineError) as error:
            self._say(str(error), "bold red")
            return 1

    async def _hold(self) -> int:
        """The folder is ours: check, start, live, stop."""
        data = self._options.data
        for note in await asyncio.to_thread(end_leftovers, data):
            self._say(note)
        institution = self._checked()
        for note in ensure_secrets(data):
            self._say(note, "yellow")
        supervision = Supervision(self._show, await self._engines())
        failure: Exception | None = None
        try:
            if not self._stop.is_set():
                await self._start(supervision, institution)
                await self._live(supervision, institution)
        except (StartError, NotReadyError, topics.TopicsError) as error:
            failure = error
            self._say(str(error), "bold red")
        finally:
            self._say("stopping; Ctrl-C again kills the services")
            await supervision.stop(self._hurry)
            forget_state(data)
        if failure is not None:
            self._say(f"stopped: {str(failure).partition(';')[0].splitlines()[0]}", "bold red")
            return 1
        self._say("stopped")
        return 0

    def _checked(self) -> Institution:
        """Everything that can be told before anything starts."""
        try:
            wanted = [Wanted(service.port(), service.name, service.port_variable) for service in services.ALL]
            if self._options.embedded_engines:
                for name, variable in (("kafka", services.KAFKA_PORT), ("mongo", services.MONGO_PORT)):
                    if port := read_port(variable):
                        wanted.append(Wanted(port, f"embedded {name}", variable))
            institution = load_institution(config_file())
        except (PortError, ConfigError) as error:
            raise StartError(str(error)) from None
        problems = conflicts(wanted)
        if not self._options.embedded_engines:
            problems += [
                f"--no-engines needs {name}; set it to where the engine runs"
                for name in (KAFKA, MONGO)
                if not os.environ.get(name)
            ]
        if problems:
            raise StartError("\n".join(problems))
        return institution

    async def _engines(self) -> Engines | None:
        if not self._options.embedded_engines:
            return None
        self._say("starting the embedded engines ...")
        return await asyncio.to_thread(
            start_engines, self._options.data, read_port(services.KAFKA_PORT), read_port(services.MONGO_PORT)
        )

    async def _start(self, supervision: Supervision, institution: Institution) -> None:
        engines, data = supervision.engines, self._options.data
        environment = child_environment(data, engines)
        kafka, mongo = environment[KAFKA], environment[MONGO]
        applied = await topics.apply(kafka, topics.Copies() if engines else topics.copies_from(os.environ))
        if applied.made:
            self._say(f"made {len(applied.made)} topics")
        for line in applied.warnings():
            self._say(line)
        self._say(f"starting the services for {institution.name} ...")
        await supervision.start(environment)
        write_state(
            data,
            StackState(
                pid=os.getpid(),
                kafka=kafka,
                mongo=mongo,
                database=environment[DATABASE],
                config=Path(environment["VENTANILLA_CONFIG"]),
                services={
                    child.name: RunningService(url=child.url, pid=child.pid) for child in supervision.children
                },
                engine_pids=[engine.process.pid for engine in engines.both] if engines else [],
            ),
        )

    async def _live(self, supervision: Supervision, institution: Institution) -> None:
        """Until somebody asks to stop. Raises `StartError` when a child ends by itself."""
        ready = asyncio.create_task(supervision.ready())
        failure = asyncio.create_task(supervision.failure())
        asked = asyncio.create_task(self._stop.wait())
        tasks: set[asyncio.Task[object]] = {ready, failure, asked}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if ready.done():
                await ready
                self._welcome(supervision.children, institution)
                await asyncio.wait({failure, asked}, return_when=asyncio.FIRST_COMPLETED)
            if failure.done() and not self._stop.is_set():
                raise StartError(failure.result())
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _welcome(self, children: list[Child], institution: Institution) -> None:
        table = Table(title=f"Ventanilla: {institution.name}", title_justify="left")
        for column in ("service", "address", "for"):
            table.add_column(column, no_wrap=column != "for")
        for child in children:
            table.add_row(child.name, f"{child.url}{child.service.page or ''}", child.service.purpose)
        self._console.print(table)
        places = [*institution.areas, *(key for key, queue in institution.queues.items() if not queue.area)]
        agents = ", ".join(f"agente.{place}" for place in places)
        secrets = self._options.data / FILE
        self._say(f"Desk accounts: {agents}, supervisora, finanzas: VENTANILLA_DEMO_PASSWORD in {secrets}")
        self._say(f"               admin: VENTANILLA_ADMIN_PASSWORD in {secrets}")
        desk = services.AGENT_GATEWAY.url()
        self._say(f"Finance page: sign in at {desk}/ as finanzas; it leads to {services.BILLING.url()}/")
        self._say(f"ready in {time.monotonic() - self._began:.1f} s; Ctrl-C stops everything", "bold green")

    def _asked_to_stop(self) -> None:
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    def _show(self, service: str, line: str) -> None:
        if self._options.json_logs:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
        else:
            self._console.print(readable(service, line), soft_wrap=True)

    def _say(self, text: str, style: str = "") -> None:
        self._console.print(text, style=style, soft_wrap=True, markup=False, highlight=False)


class _PatientConsole(Console):
    """When its reader goes away (`| head`), the stack stops instead of dying with its children alive."""

    def __init__(self, on_gone: Callable[[], None], *, stderr: bool) -> None:
        super().__init__(stderr=stderr)
        self._on_gone = on_gone

    def on_broken_pipe(self) -> None:
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())
        self._on_gone()


def child_environment(data: Path, engines: Engines | None) -> dict[str, str]:
    """What each child finds in its environment. What the caller set stands above the defaults."""
    defaults = {
        DATABASE: "ventanilla",
        "VENTANILLA_INSTANCE": "stack",  # one replica of each: a restart gets its partitions back at once
        "VENTANILLA_WHATSAPP_BASE_URL": f"{services.SANDBOX.url()}/v23.0",
        "VENTANILLA_INGEST_URL": services.INGEST.url(),
        "VENTANILLA_FINANCE_URL": f"{services.BILLING.url()}/",
        "VENTANILLA_DESK_URL": f"{services.AGENT_GATEWAY.url()}/",
    }
    fixed = {"VENTANILLA_CONFIG": str(config_file()), "PYTHONUNBUFFERED": "1"}
    if engines is not None:
        fixed |= {KAFKA: engines.kafka, MONGO: engines.mongo}
    return defaults | dict(os.environ) | load_secrets(data) | fixed
