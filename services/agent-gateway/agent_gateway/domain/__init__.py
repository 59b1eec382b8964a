"""What the desk decides by itself. Pure: no clock, no I/O.

Who sees what (`walls`), who may do what (`permissions`, `capacity`), what a message's status is (`statuses`),
who is there (`presence`), how often somebody may try a password (`throttle`), and how events become rows of
the projection (`projection`). What becomes of a conversation is the router's decision, not ours.
"""
