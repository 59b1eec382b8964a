"""The institution's file: everything about a customer that is not code.

Checked whole at the start. A problem is reported with file, line, path in the file, what is wrong and what
to do (`ConfigError`), all problems at once.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from string import Formatter
from typing import Annotated, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, Field, model_validator

from ventanilla.checked_yaml import ConfigError, Problem, Section, load_checked, problems_error
from ventanilla.contracts.channel import Channel
from ventanilla.schedule import Schedule

__all__ = ["ConfigError", "Institution", "load_institution"]


_DURATION = re.compile(r"(\d+)(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _duration(value: object) -> object:
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    if isinstance(value, timedelta):
        return value
    raise ValueError("a duration is a whole number and a unit: 45s, 30m, 24h or 10d")


Duration = Annotated[timedelta, BeforeValidator(_duration)]


class Area(Section):
    name: str
    queue: str
    short_name: str | None = Field(default=None, max_length=24)
    """For buttons and list rows (WhatsApp: 24 characters)."""


class Category(Section):
    name: str = Field(max_length=24)
    description: str | None = Field(default=None, max_length=72)


class Queue(Section):
    name: str
    schedule: str
    area: str | None = None


class WindowTemplate(Section):
    """The approved template that stands in for free text outside WhatsApp's 24-hour window."""

    name: str
    language: str


class Account(Section):
    """One of our own accounts on a channel."""

    channel: Channel
    id: str
    name: str
    display: str | None = None
    window_template: WindowTemplate | None = None
    replay: bool = False
    """Lives by the recorded time of its events (see `ventanilla.clock`)."""


class ConversationRules(Section):
    """Time-outs and limits of a conversation's life (see docs/decisions/0007-whose-silence.md)."""

    bot_idle: Duration = timedelta(minutes=60)
    agent_idle: Duration = timedelta(hours=24)
    """Counted only while the queue is open."""
    waiting_idle: Duration = timedelta(days=5)
    """Counted only while the queue is open."""
    reopen_within: Duration = timedelta(hours=24)
    """How long after an agent closed it a conversation goes back to the same queue."""
    bot_misses: int = Field(default=2, ge=1)
    agent_capacity: int = Field(default=6, ge=1)


class Delivery(Section):
    """How long and how hard we try to deliver."""

    give_up_after: Duration = timedelta(minutes=10)
    max_backoff: Duration = timedelta(seconds=60)


_MONEY = re.compile(r"\d+(\.\d+)?")


def _money(value: object) -> object:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str) and _MONEY.fullmatch(value):
        return Decimal(value)
    raise ValueError('an amount is a quoted decimal, so that no cent is lost on the way: "3277.00"')


Money = Annotated[Decimal, BeforeValidator(_money)]


class AtExhaustion(StrEnum):
    """What changes when the month's allotment is used up; the turn of the month ends it."""

    GO_ON = "go_on"  # nothing: what lies beyond is counted, and paid for as the plan says
    REPLIES_ONLY = "replies_only"  # no template is sent: conversations that only we want do not begin
    BOT_ONLY = "bot_only"  # besides, nobody new is handed to an agent; whom agents have, they keep


class Allotment(Section):
    """What a month's contract includes on one channel."""

    channel: Channel
    conversations: int = Field(ge=0)
    thresholds_percent: list[int] = [50, 80, 90, 100]
    plan: str
    """The price plan of the contract: a file in `plans/`, beside the institution's. See docs/plans.md."""
    at_exhaustion: AtExhaustion = AtExhaustion.GO_ON


class Metering(Section):
    """How long a status may be on its way, and how wrong a clock may be."""

    settling: Duration = timedelta(days=10)
    """The provider may deliver a webhook again for 7 days; what comes later than this edits no session."""
    clock_skew: Duration = timedelta(minutes=5)
    """How far ahead of our clock a delivery's time may be and still count at once."""


class Texts(Section):
    """What citizens read, in their language. `{braces}` name the values that each text may use."""

    queued: str
    out_of_hours: str
    reopened: str
    taken: str
    transferred: str
    closed: str
    idle_closed: str
    bot_only: str | None = None
    """Instead of an agent, while `at_exhaustion: bot_only` holds."""

    @model_validator(mode="after")
    def _known_values(self) -> Self:
        found = list(self._strangers())
        if found:
            raise problems_error(found)
        return self

    def _strangers(self) -> Iterator[Problem]:
        for name, text in self:
            if text is None:
                continue
            may = _TEXT_VALUES.get(name, frozenset())
            try:
                used = {field for _, field, _, _ in Formatter().parse(text) if field is not None}
            except ValueError as error:
                yield Problem((name,), f"{error}; write a brace that is meant as such twice")
                continue
            for field in sorted(used - may):
                offer = ", ".join(f"{{{value}}}" for value in sorted(may)) or "no values"
                yield Problem((name,), f"{{{field}}} has no value here; this text may use {offer}")


_TEXT_VALUES = {
    "queued": frozenset({"queue"}),
    "out_of_hours": frozenset({"queue", "opening"}),
    "reopened": frozenset({"queue"}),
    "taken": frozenset({"agent"}),
    "transferred": frozenset({"queue"}),
}
"""The values that each of `Texts` may name in braces."""


class Institution(Section):
    """The whole file."""

    id: str
    name: str
    time_zone: str
    language: str = "es"
    web: str | None = None
    areas: dict[str, Area] = Field(min_length=1)
    categories: dict[str, Category] = Field(min_length=1)
    schedules: dict[str, Schedule] = Field(min_length=1)
    queues: dict[str, Queue] = Field(min_length=1)
    default_queue: str
    accounts: list[Account] = Field(min_length=1)
    conversation: ConversationRules = ConversationRules()
    delivery: Delivery = Delivery()
    allotments: list[Allotment] = []
    metering: Metering = Metering()
    texts: Texts

    @model_validator(mode="after")
    def _references(self) -> Self:
        if found := list(self._dangling()):
            raise problems_error(found)
        return self

    def _dangling(self) -> Iterator[Problem]:
        if self.time_zone not in available_timezones():
            yield Problem(
                ("time_zone",), f"{self.time_zone!r} is no IANA time zone; write one like America/El_Salvador"
            )
        for key, area in self.areas.items():
            yield from _unknown(("areas", key, "queue"), area.queue, "queue", self.queues)
        for key, queue in self.queues.items():
            yield from _unknown(("queues", key, "schedule"), queue.schedule, "schedule", self.schedules)
            if queue.area is not None:
                yield from _unknown(("queues", key, "area"), queue.area, "area", self.areas)
        yield from _unknown(("default_queue",), self.default_queue, "queue", self.queues)
        seen: set[tuple[Channel, str]] = set()
        for place, account in enumerate(self.accounts):
            if (account.channel, account.id) in seen:
                yield Problem(
                    ("accounts", place),
                    f"{account.channel} {account.id!r} is listed above; remove one of them",
                )
            seen.add((account.channel, account.id))
        for place, allotment in enumerate(self.allotments):
            yield from self._unsound(place, allotment)

    def _unsound(self, place: int, allotment: Allotment) -> Iterator[Problem]:
        first = self.allotments[0]
        if allotment.channel in {one.channel for one in self.allotments[:place]}:
            text = f"{allotment.channel} has an allotment above; remove one of them"
            yield Problem(("allotments", place, "channel"), text)
        if allotment.plan != first.plan:
            text = f"the allotments are one contract's, whose plan is {first.plan!r} above; write that"
            yield Problem(("allotments", place, "plan"), text)
        stops = allotment.at_exhaustion is not AtExhaustion.GO_ON
        if stops and 100 not in allotment.thresholds_percent:
            text = f"{allotment.at_exhaustion} waits for 100 percent, which is never said; add 100"
            yield Problem(("allotments", place, "thresholds_percent"), text)
        if allotment.at_exhaustion is AtExhaustion.BOT_ONLY and self.texts.bot_only is None:
            text = "bot_only needs what to tell the citizen instead of an agent; add it"
            yield Problem(("texts", "bot_only"), text)

    @property
    def zone(self) -> ZoneInfo:
        """The institution's time zone, for the edges; inside, time is UTC."""
        return ZoneInfo(self.time_zone)

    def account(self, channel: Channel, account_id: str) -> Account | None:
        """Our account of that channel and id, or None when it is not ours."""
        for account in self.accounts:
            if account.channel is channel and account.id == account_id:
                return account
        return None

    def allotment(self, channel: Channel) -> Allotment | None:
        """What the contract includes on a channel, or None when it is unlimited."""
        return next((one for one in self.allotments if one.channel is channel), None)

    def queue_of_area(self, area: str | None) -> str:
        """The queue that serves an area, or the default one."""
        return self.areas[area].queue if area in self.areas else self.default_queue


def _unknown(path: tuple[str, ...], name: str, kind: str, known: Iterable[str]) -> Iterator[Problem]:
    if name not in known:
        yield Problem(path, f"no {kind} is named {name!r}; use one of {', '.join(known)}, or add it")


def load_institution(path: Path) -> Institution:
    """Read and check the file. Raises `ConfigError` with every problem, each with its line and its fix."""
    return load_checked(path, Institution)
