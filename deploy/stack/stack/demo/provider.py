"""The provider's side of the demo: webhooks in its own shapes, and what it has to report."""

import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import httpx
from pydantic import AwareDatetime, BaseModel

from stack.demo.recording import Ids

JsonObject = dict[str, Any]


class ProviderError(Exception):
    """A webhook was not accepted, or the sandbox did not do what it was asked."""


@dataclass(frozen=True)
class Phone:
    """A citizen's identity in one run: a number, a business-scoped user id, or both."""

    number: str | None
    user_id: str | None
    name: str

    @property
    def address(self) -> str:
        """What the provider's phone is called by."""
        address = self.number or self.user_id
        assert address is not None, "a phone has one of both"
        return address


def phone(run: int, citizen: int, ids: Ids, name: str) -> Phone:
    """Fresh ones for each of ten thousand runs."""
    number = f"5037{run % 10_000:04d}{citizen:03d}"
    user_id = f"SV.{run % 10_000:04d}{citizen:03d}"
    return Phone(None if ids == "user_id" else number, None if ids == "number" else user_id, name)


def message(sender: Phone, message_id: str, at: datetime, content: JsonObject) -> JsonObject:
    """One message of a webhook. `content` has `type` and the object that bears its name."""
    head: JsonObject = {"from": sender.number} if sender.number else {}
    head |= {"from_user_id": sender.user_id} if sender.user_id else {}
    return {**head, "id": message_id, "timestamp": str(int(at.timestamp())), **content}


def webhook(account: str, sender: Phone, messages: list[JsonObject]) -> bytes:
    contact: JsonObject = {"profile": {"name": sender.name}}
    contact |= {"wa_id": sender.number} if sender.number else {}
    contact |= {"user_id": sender.user_id} if sender.user_id else {}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": account, "phone_number_id": account},
        "contacts": [contact],
        "messages": messages,
    }
    entry = {"id": f"waba-{account}", "changes": [{"field": "messages", "value": value}]}
    body = {"object": "whatsapp_business_account", "entry": [entry]}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


class ReportedStatus(BaseModel):
    at: AwareDatetime
    times: int


class ReportedMessage(BaseModel):
    """One message that the provider took from us. `opaque` is what we gave it to carry."""

    id: str
    contact: str
    opaque: str | None
    received_at: AwareDatetime
    statuses: dict[str, ReportedStatus]

    @property
    def message_id(self) -> str:
        return (self.opaque or "").split(":")[0]

    @property
    def counted_at(self) -> datetime | None:
        """When it was delivered, as far as the provider said so."""
        for word in ("delivered", "read"):
            if word in self.statuses:
                return self.statuses[word].at
        return None


@dataclass(frozen=True)
class Report:
    """`pending` statuses are still on their way to ingest."""

    messages: list[ReportedMessage]
    pending: int


class Provider:
    """Posts webhooks to ingest, and speaks to the sandbox."""

    def __init__(
        self, client: httpx.AsyncClient, ingest: str, sandbox: str, account: str, app_secret: str
    ) -> None:
        self._client = client
        self._ingest = f"{ingest}/webhooks/whatsapp"
        self._sandbox = sandbox
        self._account = account
        self._secret = app_secret.encode()

    async def post(self, sender: Phone, messages: list[JsonObject]) -> None:
        """Raises `ProviderError` when ingest does not take it."""
        body = webhook(self._account, sender, messages)
        signature = "sha256=" + hmac.new(self._secret, body, sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": signature}
        answer = await self._client.post(self._ingest, content=body, headers=headers)
        if answer.status_code != 200:
            raise ProviderError(f"ingest answered {answer.status_code} to a webhook")

    async def set_clock(self, phones: Iterable[Phone], now: datetime) -> None:
        await self._ask("/clocks", {"clocks": {phone.address: now.isoformat() for phone in phones}})

    async def misbehave(self, phone: Phone, behaviour: dict[str, Any], failure: dict[str, Any]) -> None:
        if behaviour:
            await self._ask("/behaviours", {"contact": phone.address, **behaviour})
        if failure:
            await self._ask("/fail", {"contact": phone.address, **failure})

    async def report(self, phones: set[str]) -> Report:
        """What it took for these addresses. Raises `ProviderError` when it does not remember everything."""
        messages: list[ReportedMessage] = []
        after = 0
        while True:
            answer = await self._client.get(
                f"{self._sandbox}/v1/report", params={"account": self._account, "after": after, "limit": 2000}
            )
            answer.raise_for_status()
            page = answer.json()
            if page["forgotten"]:
                raise ProviderError("the sandbox has forgotten messages: start the stack again")
            messages += [
                ReportedMessage.model_validate(item) for item in page["items"] if item["contact"] in phones
            ]
            if page["next"] is None:
                return Report(messages, page["pending"])
            after = page["next"]

    async def _ask(self, path: str, body: JsonObject) -> None:
        answer = await self._client.post(f"{self._sandbox}{path}", json=body)
        if answer.status_code != 200:
            raise ProviderError(f"the sandbox answered {answer.status_code} to {path}: {answer.text[:200]}")
