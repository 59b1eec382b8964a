"""Dead letters: what a service could not process, kept whole with the reason, to be looked at and replayed.

They stand on `<topic>.<service>.dlq`. The record's key and value are the original's; what happened is in its
headers, so a replay is a copy of key and value back to the source topic.
"""

from dataclasses import dataclass

Headers = list[tuple[str, bytes]]

_PREFIX = "dlq_"


@dataclass(frozen=True)
class DeadLetter:
    """One record that could not be processed.

    `reason` is a stable word (`undecodable`, `handler_error`, `not_our_account` ...), `error` a redacted
    sentence. `partition` and `offset` are -1 for what an edge refused before it ever stood on a topic.
    """

    topic: str
    service: str
    reason: str
    error: str
    partition: int
    offset: int
    attempt: int
    key: bytes | None
    value: bytes | None
    original_headers: tuple[tuple[str, bytes], ...] = ()

    @property
    def destination(self) -> str:
        return f"{self.topic}.{self.service}.dlq"

    @property
    def headers(self) -> Headers:
        facts = {
            "reason": self.reason,
            "error": self.error[:1000],
            "topic": self.topic,
            "service": self.service,
            "partition": str(self.partition),
            "offset": str(self.offset),
            "attempt": str(self.attempt),
        }
        ours: Headers = [(f"{_PREFIX}{name}", text.encode()) for name, text in facts.items()]
        return [*(pair for pair in self.original_headers if not pair[0].startswith(_PREFIX)), *ours]

    @classmethod
    def from_record(cls, key: bytes | None, value: bytes | None, headers: Headers) -> "DeadLetter":
        """Read one back. Raises `ValueError` for a record that is no dead letter."""
        facts = {
            name.removeprefix(_PREFIX): (raw or b"").decode(errors="replace")
            for name, raw in headers
            if name.startswith(_PREFIX)
        }
        missing = {"reason", "topic", "service"} - facts.keys()
        if missing:
            raise ValueError(f"not a dead letter: no header {', '.join(sorted(missing))}")
        return cls(
            topic=facts["topic"],
            service=facts["service"],
            reason=facts["reason"],
            error=facts.get("error", ""),
            partition=int(facts.get("partition", -1)),
            offset=int(facts.get("offset", -1)),
            attempt=int(facts.get("attempt", 1)),
            key=key,
            value=value,
            original_headers=tuple(pair for pair in headers if not pair[0].startswith(_PREFIX)),
        )
