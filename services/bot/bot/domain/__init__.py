"""The bot's decisions: pure functions of the dialogue so far and the turn that came.

No clock, no I/O, no logging: a recorded day gets the same answers again.
"""
