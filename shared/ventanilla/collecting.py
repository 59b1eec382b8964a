"""How often Python looks for garbage that reference counts do not free.

By default it looks at every 700 new objects, and from time to time at all that there are. A service makes
some hundred objects for each message, almost none of them in a circle, and keeps a million in its caches: it
would look through those again and again and find nothing.
"""

import gc

_NEW_OBJECTS = 50_000


def collect_rarely() -> None:
    """For the whole process, called once when it starts. What exists by then is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 20, 100)
