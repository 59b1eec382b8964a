"""What billing reads back from the store: one file for each read model."""

from billing.store.ledger import Ledger
from billing.store.meters import Meters
from billing.store.places import Places
from billing.store.sessions import Sessions
from billing.store.statements import Statements

__all__ = ["Ledger", "Meters", "Places", "Sessions", "Statements"]
