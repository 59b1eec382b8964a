"""What billing says over HTTP."""
