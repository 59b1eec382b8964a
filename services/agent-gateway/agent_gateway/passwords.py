"""Passwords, by argon2id."""

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_AT_ONCE = 2
"""Each check takes 64 MiB and a core for some 50 ms; more at once would starve everything else."""


class Passwords:
    """Hashes and checks in threads, a few at a time: the event loop does not wait."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def check(self, password: str, password_hash: str | None) -> bool:
        """Whether it is the password. For nobody (None) it takes as long, and is false."""
        if password_hash is None and self._nobodys is None:
            self._nobodys = await self.hash(secrets.token_urlsafe())
        known = password_hash or self._nobodys
        assert known is not None, "set above"
        async with self._turns:
            right = await asyncio.to_thread(self._verify, known, password)
        return right and password_hash is not None

    def outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def _verify(self, known: str, password: str) -> bool:
        try:
            return self._hasher.verify(known, password)
        except (VerificationError, InvalidHashError):
            return False
