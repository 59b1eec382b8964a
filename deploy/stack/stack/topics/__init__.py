"""The declared topics, and the same topics on a broker."""

from stack.topics.broker import Applied, apply, diff
from stack.topics.declared import Copies, Difference, TopicsError, copies_from, declared

__all__ = ["Applied", "Copies", "Difference", "TopicsError", "apply", "copies_from", "declared", "diff"]
