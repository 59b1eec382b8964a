"""One service's process: start, health, metrics, and a stop that loses nothing."""

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Generic, TypeVar

import structlog
import uvicorn
from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ventanilla.collecting import collect_rarely
from ventanilla.connections import CONNECTIONS, Doors, bounded
from ventanilla.institution import ConfigError, Institution, load_institution
from ventanilla.observability import configure_logging, logger, redact
from ventanilla.settings import ServiceSettings
from ventanilla.store import Store, StoreError
from ventanilla.stream import Stream
from ventanilla.tasks import end

log = logger(__name__)

Settings = TypeVar("Settings", bound=ServiceSettings)

_FILES = 8_192
_STORE_SILENT_SECONDS = 10.0
_ACCEPTED_AT_A_TIME = 32

REQUESTS = Counter("ventanilla_http_requests_total", "HTTP requests", ["method", "route", "status"])
REQUEST_SECONDS = Histogram("ventanilla_http_request_seconds", "Time to the response's first byte", ["route"])


@dataclass
class Runtime(Generic[Settings]):
    """What a running service has in its hands."""

    name: str
    settings: Settings
    institution: Institution
    store: Store
    stream: Stream
    direct: "Direct"
    """By method and path: what is answered before the framework's own layers (see `ServiceApp`)."""
    doors: Doors
    """By method and target: who is turned away before anything is done for him."""
    _loops: list[tuple[str, Callable[[], Awaitable[None]]]] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _closers: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    _fault: str | None = None
    _troubles: list[Callable[[], str | None]] = field(default_factory=list)
    _silent_since: float | None = None
    """The first question to the store that had no answer, monotonic; None when the last one had."""
    _strains: list[Callable[[], str | None]] = field(default_factory=list)

    def background(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Runs `run` from the start of the stream to the stop, when it is cancelled.

        If it ends by itself, the service is not ready any more: somebody must look.
        """
        self._loops.append((name, run))

    def at_stop(self, close: Callable[[], Awaitable[None]]) -> None:
        """Runs `close` when the stream has stopped, so that nothing uses any more what it closes."""
        self._closers.append(close)

    def reports(self, *, trouble: Callable[[], str | None], strain: Callable[[], str | None]) -> None:
        """What `/health/ready` asks the service itself: `trouble` makes it not ready, `strain` is only told.

        Both answer at once, with a line for an operator or None.
        """
        self._troubles.append(trouble)
        self._strains.append(strain)

    def warnings(self) -> list[str]:
        """What an operator should know of a service that is ready all the same."""
        return [said for strain in self._strains if (said := strain()) is not None]

    async def problems(self) -> list[str]:
        """Why the service is not ready; empty when it is."""
        found = [self._fault] if self._fault else []
        found += [said for trouble in self._troubles if (said := trouble()) is not None]
        try:
            async with asyncio.timeout(2):
                await self.store.ping()
            self._silent_since = None
        except (StoreError, TimeoutError) as error:
            now = time.monotonic()
            self._silent_since = self._silent_since or now
            silent = now - self._silent_since
            # Under load a question may wait behind our own: no other replica would fare better.
            if silent > _STORE_SILENT_SECONDS:
                found.append(f"the store has not answered for {silent:.0f} s ({type(error).__name__})")
        return [*found, *await self.stream.problems()]

    async def _start(self) -> None:
        await self.stream.start()
        self._tasks = [asyncio.create_task(self._watch(name, run)) for name, run in self._loops]

    async def _watch(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        try:
            await run()
            self._fault = f"the background task {name} ended"
        except Exception as error:
            self._fault = f"the background task {name} failed ({type(error).__name__})"
            log.critical("background_failed", task=name, exc_info=error)

    async def _stop(self) -> None:
        await end(self._tasks)
        await self.stream.stop()
        for close in self._closers:
            await close()
        await self.store.close()


Wire = Callable[[FastAPI, Runtime[Settings]], Awaitable[None]]
"""Declares a service's consumers, routes, indexes and background loops on its runtime."""


def service_app(
    name: str, settings: Settings, wire: Wire[Settings], *, title: str, description: str
) -> FastAPI:
    """The ASGI application of a service, with `/health/live`, `/health/ready` and `/metrics`.

    Starting it checks the institution's file, connects to store and stream, and wires the service; what is
    wrong then raises and ends the process. Its shutdown drains: no work is lost or repeated.
    """
    institution = load_institution(settings.config)
    direct: Direct = {}
    doors: Doors = {}

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        configure_logging(name, settings.log_level)
        store = Store.connect(settings.mongo_url, settings.mongo_database)
        runtime = Runtime(
            name,
            settings,
            institution,
            store,
            Stream(name, settings.kafka_bootstrap, store, settings.instance),
            direct,
            doors,
        )
        await store.ping()
        await wire(app, runtime)
        app.state.runtime = runtime
        await runtime._start()
        log.info("started", institution=institution.id)
        try:
            yield
        finally:
            await runtime._stop()
            log.info("stopped")

    app = ServiceApp(direct, title=title, description=description, version="1.0", lifespan=lifespan)
    app.state.doors = doors
    add_probes(app, lambda: _runtime(app).problems(), lambda: _runtime(app).warnings())
    return app


def _runtime(app: FastAPI) -> Runtime[ServiceSettings]:
    runtime: Runtime[ServiceSettings] = app.state.runtime
    return runtime


def add_probes(
    app: FastAPI,
    problems: Callable[[], Awaitable[list[str]]],
    warnings: Callable[[], list[str]] = list,
) -> None:
    """`/health/live` (the loop turns), `/health/ready` (503 with reasons) and `/metrics` (Prometheus).

    `problems` make a service not ready; `warnings` stand beside them and change no status.
    """

    @app.get("/health/live", include_in_schema=False)
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @app.get("/health/ready", include_in_schema=False)
    async def ready() -> Response:
        found = await problems()
        return JSONResponse(
            {"ready": not found, "problems": found, "warnings": warnings()},
            status_code=503 if found else 200,
        )

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


Direct = dict[tuple[str, str], ASGIApp]


class ServiceApp(FastAPI):
    """Counts requests by route, and binds a correlation id to their log lines. Never logs a query string.

    Outside all of the framework's layers: on the webhook's path every microsecond is paid a thousand times a
    second. For the same reason a path of `direct` is answered from here.
    """

    def __init__(self, direct: Direct, **given: Any) -> None:
        super().__init__(**given)
        self._direct = direct

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500
        direct = self._direct.get((scope["method"], scope["path"]))

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                route = scope["path"] if direct else _route(scope)
                _seconds(route).observe(time.perf_counter() - started)
            await send(message)

        structlog.contextvars.clear_contextvars()
        for key, value in scope["headers"]:
            if key == b"x-correlation-id":
                given = value.decode("latin-1")[:64]
                if redact(given) == given:  # anybody may write anything there
                    structlog.contextvars.bind_contextvars(correlation_id=given)
        try:
            await (direct or super().__call__)(scope, receive, sent)
        finally:
            _requests(scope["method"], scope["path"] if direct else _route(scope), status).inc()


@cache  # a child costs three times what counting does; routes and statuses are few
def _requests(method: str, route: str, status: int) -> Counter:
    return REQUESTS.labels(method, route, str(status))


@cache
def _seconds(route: str) -> Histogram:
    return REQUEST_SECONDS.labels(route)


def _route(scope: Scope) -> str:
    route = scope.get("route")
    return getattr(route, "path", "unmatched")


def run(name: str, create_app: Callable[[], FastAPI], host: str, port: int) -> None:
    """Serve until SIGTERM or Ctrl-C, then drain. Ends with status 2 when the configuration is wrong."""
    configure_logging(name)
    _allow_files()
    try:
        app = create_app()
    except ConfigError as error:
        for problem in error.problems:
            log.critical("config_error", problem=problem)
        raise SystemExit(2) from None
    collect_rarely()
    config = uvicorn.Config(
        app, host=host, port=port, http=bounded(CONNECTIONS, getattr(app.state, "doors", {})),
        log_config=None, access_log=False, server_header=False,
        timeout_graceful_shutdown=10, timeout_keep_alive=75,
        ws_per_message_deflate=False,  # 67 KB a socket instead of 25, for frames of a few hundred bytes
        ws_max_size=64 * 1024,  # what a browser sends is small; nobody fills our memory with one frame
    )  # fmt: skip
    # uvloop accepts one connection of a listening socket in each turn of its loop. Under load turns are slow,
    # and who comes anew, a probe for instance, would wait for seconds: so the one is listened to many times.
    listening = config.bind_socket()
    uvicorn.Server(config).run(
        sockets=[listening, *(listening.dup() for _ in range(_ACCEPTED_AT_A_TIME - 1))]
    )


def _allow_files() -> None:
    """The usual 1,024 file descriptors are fewer than the connections that we allow."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if most == resource.RLIM_INFINITY else min(_FILES, most)
    if now != resource.RLIM_INFINITY and now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
