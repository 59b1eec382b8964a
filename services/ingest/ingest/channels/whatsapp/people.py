"""Who a message is from, or a status about: every id that the webhook shows of him. Pure."""

from datetime import datetime

from msgspec.json import Decoder

from ingest.channels.whatsapp.payload import Value, WebhookContact
from ingest.channels.whatsapp.reading import UNREADABLE
from ingest.identity.person import Person
from ventanilla.contacts import normalised
from ventanilla.contracts.channel import Channel

_contact = Decoder(WebhookContact).decode


class Contacts:
    """The `contacts` of one change, found by any of their ids. Those of a wrong shape are passed over."""

    def __init__(self, value: Value) -> None:
        self._by_id: dict[str, WebhookContact] = {}
        self._only: WebhookContact | None = None
        known: list[WebhookContact] = []
        for raw in value.contacts:
            try:
                contact = _contact(raw)
            except UNREADABLE:
                continue
            known.append(contact)
            for one in (contact.wa_id, contact.user_id, contact.parent_user_id):
                if one:
                    self._by_id[one] = contact
        if len(known) == 1 and len(value.messages) + len(value.statuses) + len(value.message_echoes) == 1:
            # A number and its wa_id may differ; alone in a change, contact and message belong together.
            self._only = known[0]

    def of(self, *ids: str | None) -> WebhookContact | None:
        for one in ids:
            if one and one in self._by_id:
                return self._by_id[one]
        return self._only


def person_of(
    account: str, shown: list[str | None], at: datetime, group_id: str | None, name: str | None
) -> Person:
    """In a group the group is the contact: it has one conversation, and answers go to all of it."""
    if group_id:
        return Person(Channel.WHATSAPP, account, (group_id,), at, group_id=group_id)
    numbers: dict[str, None] = {}
    users: dict[str, None] = {}
    for one in shown:
        if one and (known := normalised(Channel.WHATSAPP, one)):
            (numbers if known.isdigit() else users)[known] = None
    return Person(
        Channel.WHATSAPP, account, (*numbers, *users), at,
        number=next(reversed(numbers), None), user_id=_user_id(list(users)), name=name,
    )  # fmt: skip


def nobody(shown: list[str | None]) -> bool:
    """Whether none of these ids says anything."""
    return not any(one and one.strip() for one in shown)


def _user_id(users: list[str]) -> str | None:
    """The newest id of this business; a parent's (`SV.ENT.…`) only where there is no other."""
    reachable = [one for one in users if ".ENT." not in one] or users
    return reachable[-1] if reachable else None
