"""The life of a conversation. Pure: state and event in, state and outputs out, time taken from the event.

`decision.decide` is the way in. It hands each kind of event to its own file (`received`, `answered`, `acted`,
`timers`, `linked`), which change a `Step`; `queues` holds what they share: how a conversation enters a queue.
"""
