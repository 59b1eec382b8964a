"""A client that takes as little as it can of the machine that it shares with those who are measured."""

import asyncio
from typing import Self

from sandbox.domain.webhooks import signature

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def signed(body: bytes, secret: str) -> bytes:
    """A webhook as Meta posts it, ready to be written."""
    head = (
        "POST /webhooks/whatsapp HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"X-Hub-Signature-256: {signature(secret, body)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Client:
    """As many connections as there are requests at a time; they stay open."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[Connection] = []

    async def post(self, request: bytes) -> None:
        """Raises `RuntimeError` when the answer is not 200."""
        reader, writer = await self._connection()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"answered {head.splitlines()[0].decode()}")
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                await reader.readexactly(int(line.split(b":")[1]))
        self._free.append((reader, writer))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for _reader, writer in self._free:
            writer.close()
            await writer.wait_closed()

    async def _connection(self) -> Connection:
        while self._free:
            reader, writer = self._free.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()  # the server closes one that was quiet for long
        return await asyncio.open_connection("127.0.0.1", self._port)
