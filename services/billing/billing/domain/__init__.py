"""What the meter decides, without clock or I/O."""
