"""The provider between a business and its citizens' phones: takes, delivers, reports, passes on."""

import asyncio
import secrets
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import prometheus_client
from pydantic import AwareDatetime

from sandbox.deliveries import Deliveries
from sandbox.domain.errors import HTTP_STATUSES, GraphError
from sandbox.domain.sends import Send
from sandbox.domain.statuses import FREE_SERVICE_MESSAGES, WINDOW, Planned, Sold, plan, status_object
from sandbox.domain.webhooks import JsonObject, Number, contact_object, receiver, sender
from sandbox.store.journal import Journal
from sandbox.store.phones import Arrived, Phone, Phones, StatusSent, Written

SENDS = prometheus_client.Counter("ventanilla_sandbox_sends_total", "Sends asked for", ["result"])


ECHO = "echo"
"""The category of what the business wrote on its own telephone."""


class OutageError(Exception):
    """The edge answers with this HTTP status and a page."""

    def __init__(self, http: int) -> None:
        super().__init__(f"HTTP {http}")
        self.http = http


def message_id(contact: str) -> str:
    """In the provider's form, which holds whose it is: number or user id, then what nobody else has."""
    whose, random = contact.encode(), secrets.token_hex(10).upper().encode()
    head = bytes((0x1C, 0x18, len(whose)))
    return (
        f"wamid.{b64encode(head + whose + bytes((0x15, 2, 0, 0x12, 0x18, 20)) + random + bytes(1)).decode()}"
    )


class Provider:
    """One per process. Everything happens in the loop's thread, so nothing here waits or locks."""

    def __init__(
        self,
        numbers: dict[str, Number],
        templates: frozenset[tuple[str, str]],
        phones: Phones,
        journal: Journal,
        deliveries: Deliveries,
        wall: Callable[[], datetime],
        status_delay: float,
    ) -> None:
        self.numbers = numbers
        self.templates = templates
        self.phones = phones
        self.journal = journal
        self.deliveries = deliveries
        self.wall = wall
        self._status_delay = status_delay
        self._service_messages: Counter[tuple[str, str]] = Counter()
        self.accepted: Counter[str] = Counter()
        self.refused: Counter[tuple[str, int]] = Counter()

    def send(self, number: Number, send: Send) -> tuple[Phone, Arrived]:
        """Deliver a message to its phone and plan its statuses. Raises `GraphError` or `OutageError`."""
        account = number.phone_number_id
        try:
            phone, message = self._send(number, send)
        except (GraphError, OutageError) as error:
            self.refuse(account, error.code if isinstance(error, GraphError) else error.http)
            raise
        self.accepted[account] += 1
        SENDS.labels("accepted").inc()
        return phone, message

    def refuse(self, account: str, code: int) -> None:
        """Count a send that was not accepted."""
        self.refused[account, code] += 1
        SENDS.labels("refused").inc()

    def _send(self, number: Number, send: Send) -> tuple[Phone, Arrived]:
        account = number.phone_number_id
        phone = self.phones.get(send.contact)
        if not self.deliveries.room_for(3 * (1 + phone.behaviour.duplicate_statuses)):
            raise GraphError(131016, "Too many webhooks wait to be taken.")
        failure = phone.next_failure()
        if failure and not failure.later:
            raise OutageError(failure.code) if failure.code in HTTP_STATUSES else GraphError(failure.code)
        now = phone.now(self.wall())
        if send.free_form and phone.window_closed(account, now):
            raise GraphError(
                131047,
                "Message failed to send because more than 24 hours have passed since the customer last "
                "replied to this number.",
            )
        category = "service" if send.free_form else "utility"
        message = Arrived(
            number=self.phones.next_number(), id=message_id(phone.contact), account=account,
            contact=phone.contact, type=send.type,
            text=send.shown.text, options=send.shown.options, payload=send.payload,
            at=now, received_at=self.wall(), opaque=send.opaque, reply_to=send.reply_to, category=category,
            lost=failure is not None,
        )  # fmt: skip
        self.phones.keep(phone, message)
        if not message.lost:
            self.journal.add("message", phone.contact, account, message.shown())
        self._plan_statuses(number, phone, message, failure.code if failure else None)
        return phone, message

    def answer(self, number: Number, phone: Phone, text: str) -> tuple[Arrived, asyncio.Future[int]]:
        """Somebody writes to the phone on the number's own telephone, which costs nothing.

        The future is what `write` returns. Raises `BacklogFullError`.
        """
        now = phone.now(self.wall())
        content: JsonObject = {"type": "text", "text": {"body": text}}
        message = Arrived(
            number=self.phones.next_number(), id=message_id(phone.contact), account=number.phone_number_id,
            contact=phone.contact, type="text", text=text, options=(), payload=content, at=now,
            received_at=self.wall(), opaque=None, reply_to=None, category=ECHO,
        )  # fmt: skip
        echo = {
            "from": number.display,
            **receiver(phone.number, phone.user_id),
            "id": message.id,
            "timestamp": str(int(now.timestamp())),
            **content,
        }
        contact = contact_object(None, phone.number, phone.user_id)
        first: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def told(result: int) -> None:
            if not first.done():
                first.set_result(result)

        value = {"contacts": [contact], "message_echoes": [echo]}
        self.deliveries.add(phone.contact, number, value, told)
        self.phones.keep(phone, message)
        self.journal.add("message", phone.contact, message.account, message.shown())
        self._plan_statuses(number, phone, message, None)
        return message, first

    def _plan_statuses(self, number: Number, phone: Phone, message: Arrived, error: int | None) -> None:
        sold = None if message.category == ECHO else self._sold(phone, message)
        for planned in plan(phone.behaviour, message.at, self._status_delay, failed=error is not None):
            status = status_object(planned, message.id, phone.recipient(), sold, message.opaque, error)
            told = self._on_status(phone, message, planned)
            self.deliveries.add(phone.contact, number, {"statuses": [status]}, told, planned.after)

    def _sold(self, phone: Phone, message: Arrived) -> Sold:
        session = phone.sessions.get(message.account)
        if session is None or message.at >= session[1]:
            session = (secrets.token_hex(16), message.at + WINDOW)
            phone.sessions[message.account] = session
        billable = True
        if message.category == "service":
            month = (message.account, message.at.strftime("%Y-%m"))
            self._service_messages[month] += 1
            billable = self._service_messages[month] > FREE_SERVICE_MESSAGES
        return Sold(message.category, billable, *session)

    def _on_status(self, phone: Phone, message: Arrived, planned: Planned) -> Callable[[int], None]:
        def told(result: int) -> None:
            if result != 200:
                return
            known = message.statuses.get(planned.status)
            if known:
                known.times += 1
                return
            message.statuses[planned.status] = StatusSent(planned.status, planned.at.replace(microsecond=0))
            self.journal.add(
                "status", phone.contact, message.account,
                {"id": message.id, "status": planned.status, "at": planned.at.replace(microsecond=0)},
            )  # fmt: skip

        return told

    def write(
        self, number: Number, phone: Phone, content: JsonObject, text: str, reply_to: str | None,
        at: AwareDatetime | None,
    ) -> tuple[Written, asyncio.Future[int]]:  # fmt: skip
        """The phone writes. The future is the first attempt's HTTP status, 0 when ingest cannot be reached.

        `at` is when, by the phone's clock; now when None. Raises `BacklogFullError`.
        """
        account = number.phone_number_id
        now = at or phone.now(self.wall())
        written = Written(
            number=self.phones.next_number(), id=message_id(phone.contact), account=account,
            contact=phone.contact, type=content["type"], text=text, at=now, received_at=self.wall(),
            reply_to=reply_to,
        )  # fmt: skip
        message = {
            **sender(phone.number, phone.user_id),
            "id": written.id,
            "timestamp": str(int(now.timestamp())),
            **({"context": {"from": number.display, "id": reply_to}} if reply_to else {}),
            **content,
        }
        value = {
            "contacts": [contact_object(phone.name, phone.number, phone.user_id)],
            "messages": [message],
        }
        first: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def told(result: int) -> None:
            written.ingest_status = result
            self.journal.add("written", phone.contact, account, written.shown())
            if not first.done():
                first.set_result(result)

        self.deliveries.add(phone.contact, number, value, told)
        self.phones.keep(phone, written)
        phone.last_wrote[account] = max(now, phone.last_wrote.get(account, now))
        self.journal.add("written", phone.contact, account, written.shown())
        return written, first

    def read(self, account: str, wanted: str, typing: bool) -> None:
        """The business read a message, and perhaps is typing. One that we do not know is nobody's."""
        written = self.phones.written(wanted)
        if written is None:
            return
        written.read = True
        self.journal.add("receipt", written.contact, account, {"id": written.id})
        if typing:
            self.journal.add("typing", written.contact, account, {"seconds": 25})

    def set_clock(self, contact: str, now: datetime) -> None:
        self.phones.get(contact).ahead = now - self.wall()
