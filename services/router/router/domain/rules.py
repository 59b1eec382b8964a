"""The institution as the router's decisions need it: built once, read by every decision."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from router.domain.dates import DateWords, moment_text
from ventanilla.calendar import OfficeHours
from ventanilla.contracts.channel import Channel
from ventanilla.exhaustion import AtExhaustion, Exhaustion
from ventanilla.institution import Institution

REPLY_WINDOWS = {Channel.WHATSAPP: timedelta(hours=24)}
"""How long after a citizen's message free text may be sent. Source: Meta, "Customer service windows", at
https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
as updated on 21 May 2026."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything that decides besides state and event."""

    institution: Institution
    hours: dict[str, OfficeHours]
    """By queue."""
    dates: DateWords
    exhaustion: Exhaustion

    @classmethod
    def of(cls, institution: Institution, dates: DateWords, exhaustion: Exhaustion | None = None) -> Self:
        """One calendar for each schedule, shared by its queues. Without `exhaustion` nothing is used up."""
        zone = institution.zone
        calendars = {key: OfficeHours(schedule, zone) for key, schedule in institution.schedules.items()}
        hours = {key: calendars[queue.schedule] for key, queue in institution.queues.items()}
        return cls(institution, hours, dates, exhaustion or Exhaustion(institution))

    def hours_of(self, queue: str) -> OfficeHours:
        """When a queue is open. One that the institution's file no longer has keeps the default's hours."""
        return self.hours.get(queue) or self.hours[self.institution.default_queue]

    def name_of(self, queue: str) -> str:
        """A queue as citizens read it."""
        queues = self.institution.queues
        return (queues.get(queue) or queues[self.institution.default_queue]).name

    def moment_text(self, at: datetime) -> str:
        """A moment as citizens read it, in the institution's zone."""
        return moment_text(self.dates, at, self.institution.zone)

    def is_replayed(self, channel: Channel, account_id: str) -> bool:
        """Whether an account lives by recorded time: the wall clock says nothing of it."""
        account = self.institution.account(channel, account_id)
        return account is not None and account.replay

    def bot_only(self, channel: Channel, account_id: str, at: datetime) -> bool:
        """Whether nobody new is handed to agents, because the month's allotment is used up."""
        return self.exhaustion.policy(channel, account_id, at) is AtExhaustion.BOT_ONLY

    def reply_window_until(self, channel: Channel, last_inbound_at: datetime) -> datetime | None:
        """Until when free text may be sent, in UTC; None: always."""
        window = REPLY_WINDOWS.get(channel)
        return None if window is None else last_inbound_at + window
