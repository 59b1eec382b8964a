"""`ventanilla status`: what runs, where, and whether it is ready."""

import asyncio
import os
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from stack.processes import unready
from stack.services import ALL
from stack.state import config_file, read_state
from ventanilla.institution import ConfigError, load_institution


async def gather_status(data: Path) -> dict[str, Any]:
    """The facts, as `status --json` prints them. Without a stack: where its parts would be, not ready."""
    state = read_state(data)
    urls = {
        service.name: state.services[service.name].url
        if state and service.name in state.services
        else service.url()
        for service in ALL
    }
    async with httpx.AsyncClient() as client:
        reasons = await asyncio.gather(*(unready(client, url) for url in urls.values()))
    services = {
        name: {"url": url, "ready": reason is None} | ({"problem": reason} if reason else {})
        for (name, url), reason in zip(urls.items(), reasons, strict=True)
    }
    accounts, replay = _accounts(state.config if state else config_file())
    return {
        "ready": all(service["ready"] for service in services.values()),
        "kafka": state.kafka if state else os.environ.get("VENTANILLA_KAFKA_BOOTSTRAP"),
        "mongo": state.mongo if state else os.environ.get("VENTANILLA_MONGO_URL"),
        "services": services,
        "accounts": accounts,
        "replay": replay,
    }


def print_status(facts: dict[str, Any]) -> None:
    """For a person."""
    console = Console()
    table = Table("service", "address", "state")
    for name, service in facts["services"].items():
        state = "[green]ready[/]" if service["ready"] else f"[red]not ready[/]: {service['problem']}"
        table.add_row(name, service["url"], state)
    console.print(table)
    for engine in ("kafka", "mongo"):
        console.print(f"{engine}: {facts[engine] or 'not running'}", highlight=False)


def _accounts(config: Path) -> tuple[dict[str, str], dict[str, str]]:
    """By channel the first account that lives by the clock, and the first that plays recorded days."""
    accounts: dict[str, str] = {}
    replay: dict[str, str] = {}
    try:
        institution = load_institution(config)
    except ConfigError:
        return accounts, replay
    for account in institution.accounts:
        (replay if account.replay else accounts).setdefault(account.channel.value, account.id)
    return accounts, replay
