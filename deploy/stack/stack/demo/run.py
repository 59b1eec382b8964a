"""`ventanilla demo`, from the stack to the exit status."""

import asyncio
import json
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import yaml
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from stack.demo.books import Books
from stack.demo.desk import Desk
from stack.demo.figures import Balance, Evidence, Figures, figures
from stack.demo.player import Player
from stack.demo.provider import Provider, ProviderError, phone
from stack.demo.recording import Citizen, load_day
from stack.demo.show import show
from stack.demo.witness import Witness
from stack.secrets import load_secrets
from stack.state import config_file, data_folder, read_state
from stack.status import gather_status
from ventanilla.calendar import OfficeHours
from ventanilla.clock import utc_now
from ventanilla.contracts.channel import Channel
from ventanilla.institution import Account, ConfigError, Institution, load_institution

_SETTLE_SECONDS = 120.0
_RUNS = "demo-runs"


class DemoError(Exception):
    """The day cannot be played; the message says why."""


def run(as_json: bool) -> int:
    """0 when every figure adds up, 1 when one does not or the day could not be played."""
    console = Console(stderr=as_json)
    try:
        found, institution = asyncio.run(_demo(data_folder(), console, quiet=as_json))
    except (DemoError, ProviderError, ConfigError, httpx.HTTPError) as error:
        sys.stderr.write(f"demo: {error or type(error).__name__}\n")
        return 1
    if as_json:
        sys.stdout.write(json.dumps(found.as_json(), indent=2, ensure_ascii=False, default=str) + "\n")
    else:
        show(console, found, institution)
    wrong = [check.name for check in found.checks if not check.ok]
    for name in wrong:
        sys.stderr.write(f"does not add up: {name}\n")
    return 1 if wrong else 0


async def _demo(data: Path, console: Console, quiet: bool) -> tuple[Figures, Institution]:
    async with AsyncExitStack() as opened:
        facts = await gather_status(data)
        if not facts["ready"] or not facts["kafka"]:
            raise DemoError("no stack is ready here; `ventanilla up` starts one")
        state = read_state(data)
        config = state.config if state else config_file()
        institution = load_institution(config)
        client = await opened.enter_async_context(
            httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=24))
        )
        stage = await _Stage.set(data, facts, institution, _plan(config, institution), client)
        opened.push_async_callback(stage.witness.stop)
        return await stage.perform(console, quiet), institution


@dataclass
class _Stage:
    """Everything that a run needs."""

    institution: Institution
    plan: dict[str, Any] | None
    account: Account
    day: date
    number: int
    provider: Provider
    witness: Witness
    desk: Desk
    books: Books

    @classmethod
    async def set(
        cls,
        data: Path,
        facts: dict[str, Any],
        institution: Institution,
        plan: dict[str, Any] | None,
        client: httpx.AsyncClient,
    ) -> "_Stage":
        account = next(
            (one for one in institution.accounts if one.channel is Channel.WHATSAPP and one.replay), None
        )
        if account is None:
            raise DemoError(
                "the institution's file has no WhatsApp account that plays recorded days; "
                "add one with `replay: true`"
            )
        secrets = load_secrets(data)
        urls = {name: service["url"] for name, service in facts["services"].items()}
        witness = Witness(facts["kafka"])
        await witness.start()
        return cls(
            institution=institution,
            plan=plan,
            account=account,
            day=_working_day(institution),
            number=_next_run(data),
            provider=Provider(
                client, urls["ingest"], urls["sandbox"], account.id, secrets["VENTANILLA_WHATSAPP_APP_SECRET"]
            ),
            witness=witness,
            desk=Desk(client, urls["agent-gateway"], institution, secrets["VENTANILLA_DEMO_PASSWORD"]),
            books=Books(
                client, urls["billing"], urls["agent-gateway"], account.id, secrets["VENTANILLA_TOKEN_KEY"]
            ),
        )

    async def perform(self, console: Console, quiet: bool) -> Figures:
        citizens = load_day()
        before = await self.books.balance(self._month)
        player = Player(
            self.institution, self.account, self.day, self.number, self.provider, self.witness, self.desk
        )
        began = time.monotonic()
        with _progress(console, quiet) as progress:
            task = progress.add_task("citizens", total=len(citizens))
            await player.play(citizens, lambda: progress.advance(task))
            seconds = time.monotonic() - began
            waiting = progress.add_task("settling", total=None)
            evidence = await self._settled(player, citizens, before, seconds)
            progress.update(waiting, total=1, completed=1)
        return figures(evidence)

    @property
    def _month(self) -> str:
        return f"{self.day:%Y-%m}"

    async def _settled(
        self, player: Player, citizens: list[Citizen], before: Balance, seconds: float
    ) -> Evidence:
        """When every figure adds up, or when nothing more comes that could change it."""
        deadline = time.monotonic() + _SETTLE_SECONDS
        while True:
            evidence = await self._evidence(player, citizens, before, seconds)
            found = figures(evidence)
            good = evidence.report.pending == 0 and all(check.ok for check in found.checks)
            if good or time.monotonic() > deadline:
                return evidence
            await asyncio.sleep(1)

    async def _evidence(
        self, player: Player, citizens: list[Citizen], before: Balance, seconds: float
    ) -> Evidence:
        addresses = {phone(self.number, one.number, one.ids, one.name).address for one in citizens}
        contacts = set(player.tally.contacts.values())
        conversations = {
            change.conversation.id
            for change in self.witness.seen.changes.values()
            if change.contact_id in contacts
        }
        return Evidence(
            run=self.number,
            day=self.day.isoformat(),
            seconds=seconds,
            citizens=citizens,
            tally=player.tally,
            seen=self.witness.seen,
            report=await self.provider.report(addresses),
            before=before,
            after=await self.books.balance(self._month),
            plan=self.plan,
            listed_sessions=await self.books.sessions(self._month, contacts),
            dead_letters=await self.witness.dead_letters(),
            desk_queues=await self.books.queues(self.institution.queues, conversations),
        )


def _plan(config: Path, institution: Institution) -> dict[str, Any] | None:
    """The price plan of WhatsApp's allotment as its file says it, which billing checked at its start."""
    allotment = institution.allotment(Channel.WHATSAPP)
    if allotment is None:
        return None
    found: dict[str, Any] = yaml.safe_load(
        (config.parent / "plans" / f"{allotment.plan}.yaml").read_text(encoding="utf-8")
    )
    return found


def _progress(console: Console, quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description:10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=console, disable=quiet or not console.is_terminal,
    )  # fmt: skip


def _working_day(institution: Institution) -> date:
    """The most recent day before today on which the default queue is open."""
    queue = institution.queues[institution.default_queue]
    hours = OfficeHours(institution.schedules[queue.schedule], institution.zone)
    today = utc_now().astimezone(institution.zone).date()
    for back in range(1, 400):
        day = today - timedelta(days=back)
        if hours.spans(day):
            return day
    raise DemoError(f"the queue {institution.default_queue} was open on no day of the last year")


def _next_run(data: Path) -> int:
    """Each run on the same data has its own telephone numbers."""
    counter = data / _RUNS
    number = int(counter.read_text(encoding="ascii")) + 1 if counter.exists() else 1
    counter.write_text(str(number), encoding="ascii")
    return number
