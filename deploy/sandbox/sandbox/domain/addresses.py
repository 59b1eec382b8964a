"""Who a phone is: a telephone number, a business-scoped user id, or both."""

import re

from ventanilla.contacts import normalised
from ventanilla.contracts.channel import Channel

_NUMBER = re.compile(r"[1-9]\d{6,14}")
_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9._-]{1,128}")


def address(text: str) -> str | None:
    """One spelling for one phone (`+503 7000-0001` is `50370000001`); None when it is no address."""
    found = normalised(Channel.WHATSAPP, text)
    return found if _NUMBER.fullmatch(found) or is_user_id(found) else None


def is_user_id(text: str) -> bool:
    return _USER_ID.fullmatch(text) is not None
