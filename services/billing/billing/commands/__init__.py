"""What billing adds to the command `ventanilla`, each by an entry point."""
