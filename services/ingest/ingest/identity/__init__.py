"""One person is one contact, whichever of his ids a message bears."""
