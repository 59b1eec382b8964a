"""`ventanilla demo`: a recorded day, played through the running stack, with every figure checked."""

from stack.demo.run import run

__all__ = ["run"]
