"""What holds while a month's allotment is used up. Pure: it knows what it was told.

Billing says on `billing.allotment.v1` when 100 percent of a month's sessions are used; whoever must obey the
institution's `at_exhaustion` feeds that topic in (`Stream.table`) and asks. The turn of the month, by the
institution's calendar, ends it by itself.
"""

from datetime import datetime

from ventanilla.contracts.billing import AllotmentReached
from ventanilla.contracts.channel import Channel
from ventanilla.contracts.event import Event
from ventanilla.institution import AtExhaustion, Institution

__all__ = ["ALLOTMENT_EXHAUSTED", "AtExhaustion", "Exhaustion"]

ALLOTMENT_EXHAUSTED = "allotment_exhausted"
"""The stable word for what is not done for this reason."""

_ALL = 100


class Exhaustion:
    """One for each process. Nothing is exhausted until it is told so."""

    def __init__(self, institution: Institution) -> None:
        self._institution = institution
        self._used_up: set[tuple[Channel, str]] = set()

    def take(self, event: Event) -> None:
        """A threshold was reached; the same again changes nothing."""
        if isinstance(event, AllotmentReached) and event.threshold_percent >= _ALL:
            self._used_up.add((event.channel, event.month))

    def policy(self, channel: Channel, account: str, at: datetime) -> AtExhaustion:
        """What holds for one of our accounts at a moment. A rehearsal uses nothing up, and so goes on."""
        allotment = self._institution.allotment(channel)
        month = f"{at.astimezone(self._institution.zone):%Y-%m}"
        if allotment is None or (channel, month) not in self._used_up:
            return AtExhaustion.GO_ON
        known = self._institution.account(channel, account)
        return AtExhaustion.GO_ON if known is not None and known.replay else allotment.at_exhaustion
