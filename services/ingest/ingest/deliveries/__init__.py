"""Getting a message out: which part is next, when to try again, when to give up, and what to say of it."""
