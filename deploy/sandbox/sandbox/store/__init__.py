"""What the sandbox remembers: in memory, bounded, gone when it stops."""
