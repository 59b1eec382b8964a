"""What the provider does, as pure functions: no clock, no I/O."""
