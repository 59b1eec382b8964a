"""Ids that are derived: part of the contract, so held to the standard."""

from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from ventanilla.contracts.event import NAMESPACE, derived_id


@given(st.lists(st.text(st.characters(codec="utf-8"))))
def test_a_derived_id_is_a_name_based_uuid(parts: list[str]) -> None:
    assert derived_id(*parts) == str(uuid5(NAMESPACE, "\x1f".join(parts)))
    assert UUID(derived_id(*parts)).version == 5
