"""A price plan as it stands in its file. Amounts are exact decimals, in the plan's currency."""

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, model_validator

from billing.plans.months import Month, months_later
from ventanilla.checked_yaml import Problem, Section, problems_error
from ventanilla.contracts.channel import Channel
from ventanilla.institution import Money


class Unit(StrEnum):
    """What one unit of usage is."""

    SESSION = "session"  # 24 hours from a first delivered message: see billing.domain.sessions
    MESSAGE = "message"  # one delivered message, of a category


class NoPriceError(LookupError):
    """A plan says nothing about a month. The text says what it covers and what to do."""


class Rounding(Section):
    """How a line of a month is rounded, once; what is added up are rounded lines."""

    to: Money = Field(gt=0)
    mode: Literal["half_up", "half_even"]

    def of(self, amount: Decimal) -> Decimal:
        mode = ROUND_HALF_UP if self.mode == "half_up" else ROUND_HALF_EVEN
        return amount.quantize(self.to, mode)


class MonthlyPrice(Section):
    """The same every month."""

    name: str
    price: Money
    assumed: str | None = None


class LicencePrice(Section):
    """The same every month, for each licence."""

    name: str
    quantity: int = Field(ge=1)
    price: Money
    """Of one licence."""
    assumed: str | None = None


class OneTimePrice(Section):
    """Once, in one month of the plan."""

    name: str
    price: Money
    month: int = Field(ge=1)
    """1 is the plan's first month."""
    assumed: str | None = None


class Tier(Section):
    """Units number `from` to `to` of a month, both included, beyond those included in the plan."""

    start: int = Field(alias="from", ge=1)
    end: int | None = Field(default=None, alias="to")
    price: Money
    """Of each unit in this tier; units in lower tiers keep their own price."""
    assumed: str | None = None
    """Why this price is not a fact, where it is none. Whoever shows it must say so."""


class UsagePrice(Section):
    """What the units of one channel (and category) cost in a month.

    An overage is one tier from 1, beyond those included; a price for each unit is that with none included.
    """

    name: str
    channel: Channel
    category: str | None = None
    """marketing, utility, authentication, service ...; with the unit `message` only."""
    included: int | Literal["unlimited"] = 0
    included_per: Literal["month", "account"] = "month"
    """Whether the plan includes that many in a month, or each of our accounts (a number) does."""
    tiers: list[Tier] = []

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if found := list(self._faults()):
            raise problems_error(found)
        return self

    def _faults(self) -> Iterator[Problem]:
        if self.included == "unlimited":
            if self.tiers:
                yield Problem(("tiers",), "nothing lies beyond unlimited; remove the tiers, or give a number")
            return
        if self.included < 0:
            yield Problem(("included",), "it cannot be negative; write 0 for none")
        if not self.tiers:
            text = "nothing says what units beyond those included cost; add tiers, or write `unlimited`"
            yield Problem(("included",), text)
            return
        if self.tiers[0].start != 1:
            text = f"units 1 to {self.tiers[0].start - 1} have no price; begin the first tier at 1"
            yield Problem(("tiers", 0, "from"), text)
        for place, tier in enumerate(self.tiers):
            if tier.end is not None and tier.end < tier.start:
                yield Problem(("tiers", place, "to"), f"it is below `from`; write {tier.start} or more")
        for place, (lower, upper) in enumerate(pairwise(self.tiers)):
            if lower.end is None:
                text = "the tiers after this one never begin; say where it ends, or remove them"
                yield Problem(("tiers", place), text)
            elif upper.start > lower.end + 1:
                text = (
                    f"units {lower.end + 1} to {upper.start - 1} have no price (a gap); write {lower.end + 1}"
                )
                yield Problem(("tiers", place + 1, "from"), text)
            elif upper.start <= lower.end:
                text = f"units {upper.start} to {lower.end} have two prices (overlap); write {lower.end + 1}"
                yield Problem(("tiers", place + 1, "from"), text)
        if self.tiers[-1].end is not None:
            text = f"units beyond {self.tiers[-1].end} have no price; leave `to` out of the last tier"
            yield Problem(("tiers", len(self.tiers) - 1, "to"), text)


class FreeWindow(Section):
    """Messages that cost nothing because of when they came, as the provider's `pricing.type` says."""

    pricing_type: str
    hours: int = Field(ge=1)
    opens: str
    """What opens it, for people."""
    categories: list[str] = Field(min_length=1)
    source: str


class Period(Section):
    """The prices of the months `from` to `to`, both included; without `to`, until further notice."""

    start: Month = Field(alias="from")
    end: Month | None = Field(default=None, alias="to")
    source: str
    unit: Unit
    monthly: list[MonthlyPrice] = []
    licences: list[LicencePrice] = []
    usage: list[UsagePrice] = []
    free_windows: list[FreeWindow] = []

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if found := list(self._faults()):
            raise problems_error(found)
        return self

    def _faults(self) -> Iterator[Problem]:
        if self.end is not None and self.end < self.start:
            yield Problem(("to",), f"it ends before it begins; write {self.start} or later")
        seen: set[tuple[Channel, str | None]] = set()
        for place, line in enumerate(self.usage):
            if self.unit is Unit.SESSION and line.category is not None:
                yield Problem(("usage", place, "category"), "a session has no category; remove it")
            if self.unit is Unit.MESSAGE and line.category is None:
                text = "a message is priced by its category; add it, such as service or utility"
                yield Problem(("usage", place), text)
            if (line.channel, line.category) in seen:
                text = "the same channel and category has a price above; keep one"
                yield Problem(("usage", place), text)
            seen.add((line.channel, line.category))
        if self.unit is Unit.SESSION and self.free_windows:
            text = "a free window is a matter of messages; remove it, or write `unit: message`"
            yield Problem(("free_windows",), text)


class Offer(Section):
    """What was offered: a number of months from the plan's first, for a volume each month."""

    date: str
    months: int = Field(ge=1)
    channel: Channel
    volume: int = Field(ge=0)


class Plan(Section):
    """The whole file: prices of consecutive periods, without gap or overlap."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    name: str
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    source: str
    rounding: Rounding
    offer: Offer | None = None
    one_time: list[OneTimePrice] = []
    periods: list[Period] = Field(min_length=1)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if found := list(self._faults()):
            raise problems_error(found)
        return self

    def _faults(self) -> Iterator[Problem]:
        for place, (earlier, later) in enumerate(pairwise(self.periods)):
            if earlier.end is None:
                text = f"it never ends, yet another begins in {later.start} (overlap); "
                yield Problem(("periods", place), f"{text}add `to: {months_later(later.start, -1)}`")
                continue
            due = months_later(earlier.end, 1)
            if later.start > due:
                last = months_later(later.start, -1)
                text = f"{due} to {last} have no prices (a gap); write {due}, or add a period between"
                yield Problem(("periods", place + 1, "from"), text)
            elif later.start < due:
                text = f"{later.start} to {earlier.end} have two prices (overlap); write {due}"
                yield Problem(("periods", place + 1, "from"), text)
        last_month = self.periods[-1].end
        if self.offer and last_month and months_later(self.first_month, self.offer.months - 1) > last_month:
            text = f"the prices end in {last_month}, before the offer does; lengthen the last period"
            yield Problem(("offer", "months"), text)
        if self.offer and any(period.unit is not Unit.SESSION for period in self.periods):
            text = "an offer is for conversations; remove it, or write `unit: session` in every period"
            yield Problem(("offer",), text)
        for place, once in enumerate(self.one_time):
            if last_month and months_later(self.first_month, once.month - 1) > last_month:
                text = f"the plan ends in {last_month}, before that month; lower it"
                yield Problem(("one_time", place, "month"), text)

    @property
    def first_month(self) -> str:
        return self.periods[0].start

    def period(self, month: str) -> Period:
        """The prices in force in `month`. Raises `NoPriceError`."""
        for period in self.periods:
            if period.start <= month and (period.end is None or month <= period.end):
                return period
        last = self.periods[-1].end or "further notice"
        raise NoPriceError(
            f"plan {self.id} has no prices for {month}, only from {self.first_month} to {last}; "
            "add a period to its file, or use another plan"
        )
