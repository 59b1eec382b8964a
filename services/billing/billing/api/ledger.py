"""The append-only ledger over HTTP: all that was said of a contact, and what was not simply counted."""

from typing import Annotated, Self

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel

from billing.api.asking import Contact, Cursor, Limit, Month, cursor_after, place_of, pseudonyms
from billing.store import Ledger, Sessions
from ventanilla.access import Role, require
from ventanilla.contracts.billing import Note
from ventanilla.institution import Institution
from ventanilla.moments import read
from ventanilla.store import Document


class Entry(BaseModel):
    """A change of a session, as it was published on `billing.session.v1`."""

    event_id: str
    occurred_at: AwareDatetime
    contact: str
    channel: str
    account: str
    session_id: str
    revision: int
    change: str
    """opened, extended, corrected or voided."""
    opened_at: AwareDatetime
    closes_at: AwareDatetime
    month: str
    messages: int
    ours: bool
    conversation_id: str | None
    cause_id: str
    """The event that caused it, on `channel.message.status.v1` or another topic."""

    @classmethod
    def of(cls, one: Document) -> Self:
        return cls(
            event_id=one["event_id"], occurred_at=read(one["at"]), contact=one["contact_id"],
            channel=one["channel"], account=one["account"], session_id=one["session_id"],
            revision=one["revision"], change=one["change"], opened_at=read(one["opened_at"]),
            closes_at=read(one["closes_at"]), month=one["month"], messages=one["messages"],
            ours=one["ours"], conversation_id=one["conversation_id"], cause_id=one["cause_id"],
        )  # fmt: skip


class NoteItem(BaseModel):
    """A status that the meter did not simply count, as on `billing.meter.noted.v1`."""

    note_id: str
    note: str
    reason: str | None
    contact: str
    channel: str
    account: str
    message: str
    """A short hash of the provider's message id."""
    at: AwareDatetime
    """The time that the status gives."""
    stands_at: AwareDatetime | None
    came_at: AwareDatetime
    month: str
    noted_in: str
    sessions_at_least: int
    sessions_at_most: int
    cause_id: str

    @classmethod
    def of(cls, one: Document) -> Self:
        stands_at = one["stands_at"]
        return cls(
            note_id=one["_id"], note=one["note"], reason=one["reason"], contact=one["contact_id"],
            channel=one["channel"], account=one["account"], message=one["message"], at=read(one["at"]),
            stands_at=None if stands_at is None else read(stands_at), came_at=read(one["came_at"]),
            month=one["month"], noted_in=one["noted_in"], sessions_at_least=one["sessions_at_least"],
            sessions_at_most=one["sessions_at_most"], cause_id=one["cause_id"],
        )  # fmt: skip


class LedgerPage(BaseModel):
    contacts: list[str]
    """The ids of ours that were looked for: the person's, and those that it turned out to be."""
    entries: list[Entry]
    """By opening of their session, then in the order in which they were made."""
    next: str | None
    """Give it as `cursor` for the next page; null on the last."""
    notes: list[NoteItem]
    """The first thousand, by the time of the delivery."""


class NotePage(BaseModel):
    items: list[NoteItem]
    next: str | None


def ledger_routes(
    *, token_key: str, contact_key: bytes, institution: Institution, sessions: Sessions, ledger: Ledger
) -> APIRouter:
    """The routes; every one needs the role supervisor, finance or admin."""
    router = APIRouter(
        prefix="/v1",
        tags=["ledger"],
        dependencies=[Depends(require(token_key, Role.SUPERVISOR, Role.FINANCE, Role.ADMIN))],
    )

    @router.get("/ledger", summary="All that was ever said of one contact's sessions, with what caused it")
    async def of_contact(contact: Contact, cursor: Cursor = None, limit: Limit = 200) -> LedgerPage:
        contacts = await sessions.contacts(pseudonyms(contact, contact_key, institution))
        after = None if cursor is None else place_of(cursor)
        found = await ledger.changes(contacts, after, limit + 1)
        notes = await ledger.notes(contacts=contacts, limit=1000)
        return LedgerPage(
            contacts=contacts,
            entries=[Entry.of(one) for one in found[:limit]],
            next=_next(found, limit, "opened_at"),
            notes=[NoteItem.of(one) for one in notes],
        )

    @router.get("/notes", summary="A month's statuses that were not simply counted")
    async def of_month(
        month: Month,
        note: Annotated[Note | None, Query(description="Only notes of this kind")] = None,
        cursor: Cursor = None,
        limit: Limit = 200,
    ) -> NotePage:
        after = None if cursor is None else place_of(cursor)
        found = await ledger.notes(month=month, kind=note, after=after, limit=limit + 1)
        return NotePage(items=[NoteItem.of(one) for one in found[:limit]], next=_next(found, limit, "at"))

    return router


def _next(found: list[Document], limit: int, order: str) -> str | None:
    last = found[limit - 1] if len(found) > limit else None
    return None if last is None else cursor_after((last[order], last["_id"]))
