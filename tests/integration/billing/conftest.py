"""Billing as a process would run it."""

import pytest

from support.billing import Billing, billing_on


@pytest.fixture
def billing(database: str) -> Billing:
    """Starts the service; every start in one test finds the same documents."""
    return billing_on(database)
