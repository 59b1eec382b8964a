"""Calendar months of the institution as `YYYY-MM`, the grain of every price: texts that sort as time does."""

import re
from typing import Annotated

from pydantic import BeforeValidator

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def _month(value: object) -> object:
    if isinstance(value, str) and _MONTH.fullmatch(value):
        return value
    raise ValueError("prices hold for whole months; write one as YYYY-MM, such as 2023-05")


Month = Annotated[str, BeforeValidator(_month)]


def months_later(month: str, count: int) -> str:
    """The month `count` months after `month`; before it when negative."""
    year, place = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + count, 12)
    return f"{year:04}-{place + 1:02}"


def months_between(first: str, last: str) -> list[str]:
    """Every month from `first` to `last`, both included; none when `last` is before `first`."""
    found = []
    while first <= last:
        found.append(first)
        first = months_later(first, 1)
    return found
