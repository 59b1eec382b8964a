"""What several questions have in common: a month, a person in any spelling, a page after another."""

import base64
from typing import Annotated

from fastapi import HTTPException, Query

from ventanilla.contacts import contact_id, looks_like_contact_id
from ventanilla.institution import Institution

MONTH_PATTERN = r"^(19|2[0-9])[0-9]{2}-(0[1-9]|1[0-2])$"
Month = Annotated[str, Query(pattern=MONTH_PATTERN, description="YYYY-MM by the institution's calendar")]
Contact = Annotated[
    str, Query(min_length=1, max_length=128, description="The provider's id of a person, or our contact id")
]
Cursor = Annotated[str | None, Query(max_length=256, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=1000)]


def pseudonyms(contact: str, contact_key: bytes, institution: Institution) -> list[str]:
    """Every pseudonym that this spelling may stand for: one for each account that we have."""
    if looks_like_contact_id(contact):
        return [contact]
    return [contact_id(contact_key, one.channel, one.id, contact) for one in institution.accounts]


def cursor_after(place: tuple[int, str]) -> str:
    """The text that `place_of` reads."""
    return base64.urlsafe_b64encode(f"{place[0]} {place[1]}".encode()).decode()


def place_of(cursor: str) -> tuple[int, str]:
    """Where the page before ended. Raises `HTTPException` (422) for a cursor that is none of ours."""
    try:
        order, _, key = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        if not key or abs(int(order)) >= 2**63:
            raise ValueError("no place in a page")
        return int(order), key
    except ValueError:
        raise HTTPException(422, "cursor: give back `next` as it came") from None
