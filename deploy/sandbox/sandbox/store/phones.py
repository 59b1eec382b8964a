"""The phones: what each received, wrote and how it behaves."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.domain.addresses import is_user_id
from sandbox.domain.sends import Option
from sandbox.domain.statuses import WINDOW, Behaviour
from sandbox.domain.webhooks import JsonObject


@dataclass
class StatusSent:
    """A status that ingest took: when it happened by the phone's clock, and how many times it was sent."""

    status: str
    at: datetime
    times: int = 1


@dataclass
class Arrived:
    """A message that a phone received."""

    number: int
    """Its place among all messages of this process."""
    id: str
    account: str
    contact: str
    type: str
    text: str
    options: tuple[Option, ...]
    payload: JsonObject
    at: datetime
    received_at: datetime
    opaque: str | None
    reply_to: str | None
    category: str
    lost: bool = False
    """Accepted, but it fails on its way: the phone never shows it."""
    statuses: dict[str, StatusSent] = field(default_factory=dict)

    def shown(self) -> JsonObject:
        """As `GET /sent` lists it."""
        return {
            "id": self.id,
            "account": self.account,
            "contact": self.contact,
            "type": self.type,
            "text": self.text,
            "options": [
                {"id": option.id, "title": option.title} | _described(option) for option in self.options
            ],
            "payload": self.payload,
            "at": self.at,
            "received_at": self.received_at,
            "reply_to": self.reply_to,
            "statuses": [
                {"status": one.status, "at": one.at, "times": one.times} for one in self.statuses.values()
            ],
        }


def _described(option: Option) -> JsonObject:
    return {"description": option.description} if option.description else {}


@dataclass
class Written:
    """A message that a phone wrote. `ingest_status` is the last answer to its webhook, None before."""

    number: int
    id: str
    account: str
    contact: str
    type: str
    text: str
    at: datetime
    received_at: datetime
    reply_to: str | None = None
    ingest_status: int | None = None
    read: bool = False

    def shown(self) -> JsonObject:
        return {
            "id": self.id,
            "account": self.account,
            "contact": self.contact,
            "type": self.type,
            "text": self.text,
            "at": self.at,
            "received_at": self.received_at,
            "reply_to": self.reply_to,
            "ingest_status": self.ingest_status,
            "read": self.read,
        }


@dataclass
class Failure:
    """The next `times` sends to a phone fail with `code`; `later`: they are accepted, then fail."""

    code: int
    times: int
    later: bool


@dataclass
class Phone:
    """One citizen's phone. `contact` is its number, or its user id while it has shown no number.

    A group of phones is kept as one, under the group's id.
    """

    contact: str
    number: str | None = None
    user_id: str | None = None
    name: str | None = None
    ahead: timedelta = timedelta()
    """How far its clock is ahead of the wall clock."""
    behaviour: Behaviour = field(default_factory=Behaviour)
    failures: deque[Failure] = field(default_factory=deque)
    arrived: deque[Arrived] = field(default_factory=deque)
    written: deque[Written] = field(default_factory=deque)
    last_wrote: dict[str, datetime] = field(default_factory=dict)
    """By account, by the phone's clock (UTC)."""
    sessions: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    """By account: the provider's conversation and when it ends."""

    def now(self, wall: datetime) -> datetime:
        return wall + self.ahead

    def window_closed(self, account: str, now: datetime) -> bool:
        """Whether it wrote to `account` once, but not in the last 24 hours."""
        wrote = self.last_wrote.get(account)
        return wrote is not None and now - wrote >= WINDOW

    def inbox(self) -> list[JsonObject]:
        """What it shows, oldest first."""
        return [message.shown() for message in self.arrived if not message.lost]

    def next_failure(self) -> Failure | None:
        if not self.failures:
            return None
        failure = self.failures[0]
        failure.times -= 1
        if failure.times <= 0:
            self.failures.popleft()
        return failure

    def offered(self, option_id: str) -> tuple[Arrived, Option] | None:
        """The newest message that offered this option."""
        for message in reversed(self.arrived):
            for option in message.options:
                if option.id == option_id:
                    return message, option
        return None

    def recipient(self) -> dict[str, str]:
        """Who a status is about."""
        if not self.number and not self.user_id:
            return {"recipient_id": self.contact, "recipient_type": "group"}
        found = {"recipient_id": self.number} if self.number else {}
        return found | ({"recipient_user_id": self.user_id} if self.user_id else {})


class Phones:
    """Every phone, by number or user id; at most `keep` of them, with at most `keep_messages` in all."""

    def __init__(self, keep: int, keep_messages: int) -> None:
        self._keep = keep
        self._keep_messages = keep_messages
        self._phones: dict[str, Phone] = {}
        self._by_user_id: dict[str, str] = {}
        self._messages: deque[Arrived | Written] = deque()
        self._written: dict[str, Written] = {}
        self._numbers = 0
        self.forgotten = 0
        """Messages that were forgotten because there were too many."""

    def find(self, contact: str) -> Phone | None:
        return self._phones.get(self._by_user_id.get(contact, contact))

    def get(self, contact: str) -> Phone:
        """The phone, made when it is new. Using it keeps it from being forgotten."""
        key = self._by_user_id.get(contact, contact)
        phone = self._phones.pop(key, None)
        if phone is None:
            phone = Phone(
                contact,
                number=contact if contact.isdigit() else None,
                user_id=contact if is_user_id(contact) else None,
            )
            if len(self._phones) >= self._keep:
                self._forget(next(iter(self._phones)))
        self._phones[key] = phone
        return phone

    def know_user_id(self, phone: Phone, user_id: str) -> None:
        """From now on `user_id` is this phone as well."""
        if phone.user_id and phone.user_id != phone.contact:
            self._by_user_id.pop(phone.user_id, None)
        phone.user_id = user_id
        if phone.contact != user_id:
            self._by_user_id[user_id] = phone.contact

    def next_number(self) -> int:
        self._numbers += 1
        return self._numbers

    def keep(self, phone: Phone, message: Arrived | Written) -> None:
        if isinstance(message, Arrived):
            phone.arrived.append(message)
        else:
            phone.written.append(message)
            self._written[message.id] = message
        self._messages.append(message)
        while len(self._messages) > self._keep_messages:
            self._forget_oldest()

    def written(self, message_id: str) -> Written | None:
        return self._written.get(message_id)

    def arrived_after(self, number: int, account: str, limit: int) -> list[Arrived]:
        """Messages to phones, oldest first."""
        found: list[Arrived] = []
        for message in self._messages:
            if message.number > number and isinstance(message, Arrived) and message.account == account:
                found.append(message)
                if len(found) == limit:
                    break
        return found

    def _forget_oldest(self) -> None:
        message = self._messages.popleft()
        self.forgotten += 1
        phone = self._phones.get(message.contact)
        if isinstance(message, Written):
            self._written.pop(message.id, None)
        kept: deque[Any] | None = None
        if phone is not None:
            kept = phone.arrived if isinstance(message, Arrived) else phone.written
        if kept and kept[0] is message:
            kept.popleft()

    def _forget(self, contact: str) -> None:
        phone = self._phones.pop(contact)
        if phone.user_id:
            self._by_user_id.pop(phone.user_id, None)
