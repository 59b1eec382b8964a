"""What the desk keeps. Collections, all of them `desk_…`:

| collection | one document for each | who writes it |
| --- | --- | --- |
| conversations | conversation | the projection; `read_at` by whoever has it |
| messages | line of a transcript | the projection |
| statuses | part of a message | the projection |
| echoes | message written on our number's own telephone | the projection |
| acts | what an agent asked for | the API before it publishes, the projection with the router's word |
| accounts, sessions, presence, attempts | their names | the API |
"""
