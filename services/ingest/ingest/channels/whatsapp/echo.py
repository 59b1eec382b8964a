"""One message that was sent from our number's own telephone, as the provider repeats it to us. Pure.

Source: "smb_message_echoes webhook reference", developers.facebook.com. It has the shape of a message that
came in, except that the citizen is in `to`; `contacts` may show his other ids.
"""

from msgspec import Raw
from msgspec.json import Decoder

from ingest.channels.whatsapp.contents import content_of
from ingest.channels.whatsapp.drafts import EchoDraft
from ingest.channels.whatsapp.payload import Echo
from ingest.channels.whatsapp.people import Contacts, nobody, person_of
from ingest.channels.whatsapp.reading import RefusedError, moment

_echo = Decoder(Echo).decode


def echo_draft(account: str, raw: Raw, contacts: Contacts) -> EchoDraft:
    """Raises `RefusedError` or `UNREADABLE`."""
    echo = _echo(raw)
    at = moment(echo.timestamp)
    if not echo.id.strip():
        raise RefusedError("no_id", "the echo does not say of which message it is")
    group = echo.group_id or (echo.to if echo.recipient_type == "group" else None)
    shown = [echo.to, echo.to_user_id, echo.to_parent_user_id]
    if group is None and nobody(shown):
        raise RefusedError("no_recipient", "the echo does not say to whom the message was sent")
    contact = contacts.of(echo.to, echo.to_user_id)
    if contact is not None:
        shown += [contact.wa_id, contact.user_id, contact.parent_user_id]
    profile = contact.profile if contact else None
    return EchoDraft(
        person=person_of(account, shown, at, group, (profile.name or profile.username) if profile else None),
        provider_message_id=echo.id,
        content=content_of(echo, raw),
    )
