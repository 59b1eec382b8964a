"""`python -m stack` is `ventanilla`."""

from stack.cli import main

main()
