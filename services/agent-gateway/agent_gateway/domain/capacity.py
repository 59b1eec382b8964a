"""How much an agent may have at once."""


def has_room(capacity: int, with_me: int, being_taken: int) -> bool:
    """Whether one more fits, beside what the agent has and what his other takes may still bring.

    Counts a take twice in the moment when the router has said yes and the desk is writing it down: then it
    errs on the side of less work.
    """
    return with_me + being_taken < capacity
