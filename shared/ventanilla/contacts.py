"""Pseudonyms: who wrote, without saying who.

A contact's id is a keyed hash of channel, account and the provider's own id. It keys every record and
names every document, so a topic never holds a telephone number as a key and two institutions' data can
never be joined without both keys.
"""

import hmac
import re
from hashlib import sha256

from ventanilla.contracts.channel import Channel

_NOT_DIGITS = re.compile(r"[\s()+.-]")


def normalised(channel: Channel, provider_id: str) -> str:
    """One spelling for one address: WhatsApp numbers lose `+`, spaces and hyphens, e-mail loses case.

    A business-scoped user id (`SV.1234`) is kept as it is: it holds letters.
    """
    if channel is Channel.WHATSAPP:
        digits = provider_id if provider_id.isdigit() else _NOT_DIGITS.sub("", provider_id)
        return digits if digits.isdigit() else provider_id.strip()
    if channel is Channel.EMAIL:
        return provider_id.strip().lower()
    return provider_id.strip()


def contact_id(key: bytes, channel: Channel, account: str, provider_id: str) -> str:
    """The pseudonym: 32 hexadecimal digits (128 bits) of HMAC-SHA-256."""
    address = normalised(channel, provider_id)
    return hmac.new(key, f"{channel}\x1f{account}\x1f{address}".encode(), sha256).hexdigest()[:32]


def looks_like_contact_id(text: str) -> bool:
    """Whether `text` can be one of ours (a provider's id never has this form)."""
    return re.fullmatch(r"[0-9a-f]{32}", text) is not None


def address_hint(provider_id: str) -> str:
    """What an agent may see of an address: its last four characters."""
    return f"…{provider_id[-4:]}"
