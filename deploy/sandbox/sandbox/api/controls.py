"""What tests, demos and the page do with the phones."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from sandbox.api.inputs import Address, AnswerInput, BehavioursInput, ClocksInput, FailInput, WriteInput
from sandbox.deliveries import BacklogFullError
from sandbox.domain.statuses import Behaviour
from sandbox.domain.webhooks import JsonObject, Number, choice
from sandbox.provider import Provider
from sandbox.store.phones import Failure, Phone


def controls(provider: Provider, default_account: str | None, time_zone: str) -> APIRouter:
    """`default_account` is the number that a phone writes to when it names none."""
    router = APIRouter(tags=["Phones"])
    phones = provider.phones

    @router.get("/sent")
    async def sent(contact: Annotated[Address, Query()]) -> list[JsonObject]:
        """What this phone received, oldest first."""
        phone = phones.find(contact)
        return phone.inbox() if phone else []

    @router.post("/fail")
    async def fail(wanted: FailInput) -> dict[str, Any]:
        """Let the next sends to a phone fail."""
        phone = phones.get(wanted.contact)
        if wanted.times:
            phone.failures.append(Failure(wanted.code, wanted.times, wanted.later))
        else:
            phone.failures.clear()
        return {"contact": phone.contact, "pending": sum(failure.times for failure in phone.failures)}

    @router.post("/phones/{contact}/messages")
    async def write(contact: Address, wanted: WriteInput) -> dict[str, Any]:
        """The phone writes. `ingest_status` is what ingest answered; what is not 200 is sent again."""
        number = _number(provider, wanted.account or default_account)
        phone = phones.get(contact)
        if wanted.name is not None:
            phone.name = wanted.name
        if wanted.user_id is not None and wanted.user_id != phone.contact:
            phones.know_user_id(phone, wanted.user_id)
        content, text, reply_to = _content(phone, wanted)
        try:
            written, first = provider.write(number, phone, content, text, reply_to, wanted.at)
        except BacklogFullError:
            raise HTTPException(503, "too many webhooks wait to be taken by ingest") from None
        return {"id": written.id, "ingest_status": await first}

    @router.post("/phones/{contact}/answers")
    async def answer(contact: Address, wanted: AnswerInput) -> dict[str, Any]:
        """Somebody answers this phone on the telephone of the business's number; ingest gets the echo."""
        number = _number(provider, wanted.account or default_account)
        try:
            arrived, first = provider.answer(number, phones.get(contact), wanted.text)
        except BacklogFullError:
            raise HTTPException(503, "too many webhooks wait to be taken by ingest") from None
        return {"id": arrived.id, "ingest_status": await first}

    @router.post("/clocks")
    async def clocks(wanted: ClocksInput) -> dict[str, int]:
        """Set phones' clocks; they go on from there in real time."""
        for contact, now in wanted.clocks.items():
            provider.set_clock(contact, now)
        return {"set": len(wanted.clocks)}

    @router.post("/behaviours")
    async def behaviours(wanted: BehavioursInput) -> dict[str, Any]:
        """How the statuses of this phone's next messages misbehave."""
        phone = phones.get(wanted.contact)
        phone.behaviour = Behaviour(**wanted.model_dump(exclude={"contact"}))
        return wanted.model_dump()

    @router.get("/phones/{contact}")
    async def phone(contact: Address) -> dict[str, Any]:
        """Everything on one phone, and the number after which `/events` goes on from there."""
        found = phones.find(contact)
        return {
            "contact": found.contact if found else contact,
            "name": found.name if found else None,
            "user_id": found.user_id if found else None,
            "now": found.now(provider.wall()) if found else provider.wall(),
            "arrived": found.inbox() if found else [],
            "written": [message.shown() for message in found.written] if found else [],
            "last": provider.journal.last,
        }

    @router.get("/accounts")
    async def accounts() -> list[dict[str, Any]]:
        """The business's numbers."""
        return [
            {
                "id": number.phone_number_id,
                "name": number.name,
                "display": number.display,
                "default": number.phone_number_id == default_account,
                "time_zone": time_zone,
            }
            for number in provider.numbers.values()
        ]

    @router.get("/v1/report")
    async def report(
        account: str,
        after: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
    ) -> dict[str, Any]:
        """The provider's own account of an account: what was accepted, and every message with its statuses.

        `next` is the `after` of the next page, None on the last one. Times are UTC, by the phones' clocks.
        """
        _number(provider, account)
        found = phones.arrived_after(after, account, limit)
        return {
            "account": account,
            "accepted": provider.accepted[account],
            "refused": {str(code): n for (whose, code), n in provider.refused.items() if whose == account},
            "forgotten": phones.forgotten,
            "pending": provider.deliveries.pending,
            "items": [
                {
                    "id": message.id,
                    "contact": message.contact,
                    "type": message.type,
                    "category": message.category,
                    "opaque": message.opaque,
                    "at": message.at,
                    "received_at": message.received_at,
                    "statuses": {
                        one.status: {"at": one.at, "times": one.times} for one in message.statuses.values()
                    },
                }
                for message in found
            ],
            "next": found[-1].number if len(found) == limit else None,
        }

    return router


def _number(provider: Provider, account: str | None) -> Number:
    number = provider.numbers.get(account) if account else None
    if number is None:
        known = ", ".join(provider.numbers) or "none"
        raise HTTPException(422, f"account is not one of the institution's WhatsApp numbers ({known})")
    return number


def _content(phone: Phone, wanted: WriteInput) -> tuple[JsonObject, str, str | None]:
    """The message's content in the provider's shape, what a person reads of it, and what it replies to."""
    if wanted.text is not None:
        return {"type": "text", "text": {"body": wanted.text}}, wanted.text, wanted.reply_to
    if wanted.choice is None:
        assert wanted.type is not None
        payload = {} if wanted.payload is None else {wanted.type: wanted.payload}
        return {"type": wanted.type, **payload}, _readable(wanted.payload), wanted.reply_to
    picked = wanted.choice
    if not (offer := phone.offered(picked.id)):
        title = picked.title or picked.id
        return choice("list_reply", picked.id, title, None), title, wanted.reply_to
    message, option = offer
    buttons = message.payload.get("interactive", {}).get("type") == "button"
    title = picked.title or option.title
    body = choice("button_reply" if buttons else "list_reply", option.id, title, option.description)
    return body, title, wanted.reply_to or message.id


def _readable(payload: object) -> str:
    if not isinstance(payload, dict):
        return ""
    found = payload.get("caption") or payload.get("body") or payload.get("name") or payload.get("emoji") or ""
    return found if isinstance(found, str) else ""
