"""Two months of sessions, written straight to the topics that billing reads, and the page's service."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import httpx
from pydantic import SecretStr

from billing.app import create_app
from billing.plans.months import months_later
from billing.settings import BillingSettings
from support.billing import CONFIG, CONTACT_KEY
from support.desk import TOKEN_KEY
from support.engines import RunningEngines
from support.serving import serving
from support.statuses import ACCOUNT
from support.topics import write
from ventanilla.calendar import OfficeHours
from ventanilla.clock import utc_now
from ventanilla.contacts import contact_id
from ventanilla.contracts.billing import SessionChange, SessionChanged
from ventanilla.contracts.channel import Channel
from ventanilla.contracts.conversation import Change, Conversation, ConversationChanged, ConversationState
from ventanilla.contracts.event import derived_id
from ventanilla.institution import Institution, load_institution
from ventanilla.topics import LIFECYCLE, SESSION

NUMBER = "50378901234"
"""Of the person who opened the first session of the current month."""

ALLOTMENT = 900
"""Small, so that a month of some hundred sessions comes near it, and more than it ever has."""

_AREAS = ("rprh", "rprh", "rprh", "comercio", "comercio", "rpi", "igcn", "rgm", None)


Fact = tuple[SessionChanged, ConversationChanged | None]
"""A session, and what became known of its conversation."""


def institution_file(folder: Path) -> Path:
    """The case's file with a small allotment, and its plan and budget moved to the months around now."""
    shutil.copytree(CONFIG.parent, folder, dirs_exist_ok=True)
    config = folder / CONFIG.name
    _replace(config, r"conversations: 28000", f"conversations: {ALLOTMENT}")
    now = this_month(load_institution(config))
    for path in (folder / "plans" / "movistar.yaml", folder / "budget.yaml"):
        _replace(path, r"included: 28000", f"included: {ALLOTMENT}")
        _replace(path, r"(from|first_month): 2023-05", rf"\1: {months_later(now, -3)}")
        _replace(path, r"(to|last_month): 2023-12", rf"\1: {months_later(now, 4)}")
    return config


def _replace(path: Path, pattern: str, by: str) -> None:
    path.write_text(re.sub(pattern, by, path.read_text(encoding="utf-8")), encoding="utf-8")


def this_month(institution: Institution) -> str:
    return f"{utc_now().astimezone(institution.zone):%Y-%m}"


def two_months(institution: Institution) -> Iterator[Fact]:
    """Sessions since the first of the month before until now, more of them on working days."""
    schedule = institution.schedules[institution.queues[institution.default_queue].schedule]
    office = OfficeHours(schedule, institution.zone)
    now = utc_now().astimezone(institution.zone)
    month = this_month(institution)
    day = date.fromisoformat(f"{months_later(month, -1)}-01")
    number = 0
    seen = False
    while day <= now.date():
        first_day = day.day == 1  # busy early, so that a month that has just begun has every area too
        busy = 30 + day.toordinal() * 7 % 11 if office.spans(day) or first_day else 3 + day.toordinal() % 3
        for place in range(busy):
            apart = timedelta(minutes=1 if first_day else 27)
            opened = datetime.combine(day, time(), institution.zone) + apart * place
            if opened > now:
                break
            first = not seen and f"{opened:%Y-%m}" == month
            seen = seen or first
            yield _fact(opened.astimezone(UTC), f"{opened:%Y-%m}", number, NUMBER if first else None)
            number += 1
        day += timedelta(days=1)


def _fact(opened: datetime, month: str, number: int, phone: str | None) -> Fact:
    contact = contact_id(CONTACT_KEY.encode(), Channel.WHATSAPP, ACCOUNT, phone or f"5036{number:07d}")
    conversation = f"conversation-{number}"
    area = _AREAS[number % len(_AREAS)]
    session = SessionChanged(
        id=derived_id("test", contact), occurred_at=opened, contact_id=contact, correlation_id=contact,
        session_id=derived_id("session", contact), change=SessionChange.OPENED, channel=Channel.WHATSAPP,
        account=ACCOUNT, opened_at=opened, closes_at=opened + timedelta(days=1), month=month,
        messages=1 + number % 4, cause_id=contact, conversation_id=conversation,
    )  # fmt: skip
    if area is None:
        return session, None
    place = Conversation(
        id=conversation, contact_id=contact, channel=Channel.WHATSAPP, account=ACCOUNT,
        state=ConversationState.CLOSED, revision=3, opened_at=opened, state_since=opened,
        last_inbound_at=opened, area=area, queue=area,
    )  # fmt: skip
    changed = ConversationChanged(
        id=derived_id("place", contact), occurred_at=opened, contact_id=contact, correlation_id=contact,
        change=Change.CLOSED, conversation=place, cause_id=contact, actor="bot",
    )  # fmt: skip
    return session, changed


async def write_months(engines: RunningEngines, config: Path) -> int:
    """Returns how many sessions the current month has."""
    institution = load_institution(config)
    facts = list(two_months(institution))
    await write(engines.kafka, SESSION, [session for session, _ in facts])
    await write(engines.kafka, LIFECYCLE, [place for _, place in facts if place is not None])
    return sum(session.month == this_month(institution) for session, _ in facts)


@asynccontextmanager
async def running_billing(
    engines: RunningEngines, database: str, config: Path, desk_url: str | None = None, port: int = 0
) -> AsyncIterator[str]:
    """Gives its address; leaving the block stops it as SIGTERM does."""
    app = create_app(
        BillingSettings(
            kafka_bootstrap=engines.kafka, mongo_url=engines.mongo, mongo_database=database, config=config,
            contact_key=SecretStr(CONTACT_KEY), token_key=SecretStr(TOKEN_KEY), desk_url=desk_url,
        )
    )  # fmt: skip
    async with serving(app, port, lifespan="on") as url:
        async with httpx.AsyncClient(base_url=url) as http, asyncio.timeout(60):
            while (await http.get("/health/ready")).status_code != 200:
                await asyncio.sleep(0.05)
        yield url
