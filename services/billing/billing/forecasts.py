"""The forecast of a month of ours: what was metered so far, the institution's working days, and the clock."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from billing.allotments import live_accounts, month_usage
from billing.domain.forecast import Forecast, Now, forecast, sampled_days
from billing.plans.pricing import Used
from billing.plans.terms import Terms
from billing.store import Sessions
from ventanilla.calendar import OfficeHours
from ventanilla.contracts.channel import Channel
from ventanilla.institution import Institution


class Forecasts:
    """One for each process. Rehearsals are left out. What asks the store may raise `StoreError`."""

    def __init__(
        self, institution: Institution, terms: Terms, sessions: Sessions, clock: Callable[[], datetime]
    ) -> None:
        self._institution = institution
        self._terms = terms
        self._sessions = sessions
        self._clock = clock
        queue = institution.queues[institution.default_queue]
        self._hours = OfficeHours(institution.schedules[queue.schedule], institution.zone)

    def works(self, day: date) -> bool:
        """Whether the default queue is open on that day at all."""
        return bool(self._hours.spans(day))

    async def of(self, month: str, channel: Channel) -> Forecast:
        """The end of `month` (YYYY-MM) on one channel, as seen now."""
        now = self._clock().astimezone(self._institution.zone)
        today = now.date()
        before = today.replace(day=1) - timedelta(days=1)
        accounts = live_accounts(self._institution, channel)
        hours: dict[datetime, int] = {}
        for one in {month, f"{today:%Y-%m}", f"{before:%Y-%m}"}:
            hours |= await self._sessions.by_hour(one, accounts)
        counts: Counter[date] = Counter()
        for hour, count in hours.items():
            counts[hour.date()] += count
        alike = set(sampled_days(counts, today, self.works)[self.works(today)])
        earlier = sum(count * _over(hour, now) for hour, count in hours.items() if hour.date() in alike)
        midnight = self._midnight(today)
        length = self._midnight(today + timedelta(days=1)) - midnight
        allotment = self._terms.allotment(channel)
        return forecast(
            month,
            counts,
            Now(today, (now - midnight) / length, round(earlier)),
            self.works,
            allotment.conversations if allotment else None,
        )

    async def usage(self, month: str) -> list[Used]:
        """The expected sessions of the whole month, on every channel; those so far if nothing is known."""
        found = await month_usage(self._institution, self._sessions, month)
        for channel in sorted({one.channel for one in found}):
            expected = (await self.of(month, channel)).expected
            more = 0 if expected is None else expected - _used(found, channel)
            # Sessions are priced by channel, whatever the account.
            first = next(place for place, one in enumerate(found) if one.channel is channel)
            found[first] = replace(found[first], quantity=found[first].quantity + max(0, more))
        return found

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(0), self._institution.zone)


def _over(hour: datetime, now: datetime) -> float:
    """The part of an hour of another day that lies before this time of day."""
    if hour.hour != now.hour:
        return float(hour.hour < now.hour)
    return (now.minute * 60 + now.second) / 3600


def _used(usage: Sequence[Used], channel: Channel) -> int:
    return sum(one.quantity for one in usage if one.channel is channel)
