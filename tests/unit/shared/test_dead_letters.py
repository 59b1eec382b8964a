"""A dead letter keeps the original and says what happened."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ventanilla.dead_letters import DeadLetter

WORD = st.from_regex(r"[a-z_.]{1,20}", fullmatch=True)


@given(
    st.builds(
        DeadLetter,
        topic=WORD, service=WORD, reason=WORD, error=st.text(max_size=50),
        partition=st.integers(-1, 50), offset=st.integers(-1, 10**12), attempt=st.integers(1, 9),
        key=st.binary(max_size=10), value=st.binary(max_size=50),
        original_headers=st.just((("ce_id", b"1"),)),
    )
)  # fmt: skip
def test_what_is_written_is_read_back(letter: DeadLetter) -> None:
    assert DeadLetter.from_record(letter.key, letter.value, letter.headers) == letter
    assert letter.destination == f"{letter.topic}.{letter.service}.dlq"


def test_another_record_is_not_taken_for_one() -> None:
    with pytest.raises(ValueError, match="not a dead letter"):
        DeadLetter.from_record(b"k", b"v", [("ce_id", b"1")])
