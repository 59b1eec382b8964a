"""What billing reads back from the store: one file for each read model."""

from billing.store.places import Places
from billing.store.sessions import Sessions

__all__ = ["Places", "Sessions"]
