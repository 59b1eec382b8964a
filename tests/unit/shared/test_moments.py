"""Times in documents: exact, in order, and back again."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ventanilla.moments import read, written

MOMENTS = st.datetimes(timezones=st.timezones())


@given(MOMENTS)
def test_what_is_written_is_read_back_to_the_microsecond(moment: datetime) -> None:
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        return  # the first and the last hours of the calendar have no UTC
    assert read(written(moment)) == utc


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_numbers_are_in_the_order_of_time(one: datetime, other: datetime) -> None:
    assert (written(one) < written(other)) == (one < other)


@pytest.mark.parametrize("far", [10**18, -(10**18)])
def test_what_is_no_time_is_refused(far: int) -> None:
    with pytest.raises(ValueError, match="no time"):
        read(far)
