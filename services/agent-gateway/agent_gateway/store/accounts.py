"""The people who work at the desk."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ventanilla.access import Role
from ventanilla.moments import read, written
from ventanilla.store import Document, DuplicateKeyError, Store


@dataclass(frozen=True)
class Account:
    username: str
    password_hash: str
    role: Role
    areas: frozenset[str]
    display_name: str
    capacity: int | None
    """None: as the institution's file says."""
    disabled: bool
    created_at: datetime


class UsernameTakenError(Exception):
    """There is an account of this name."""


class Accounts:
    def __init__(self, store: Store) -> None:
        self._collection = store.collection("desk_accounts")

    async def get(self, username: str) -> Account | None:
        found = await self._collection.find_one({"_id": username})
        return None if found is None else _account(found)

    async def all(self) -> list[Account]:
        """By name."""
        return [_account(found) async for found in self._collection.find({}).sort([("_id", 1)])]

    async def any(self) -> bool:
        return await self._collection.find_one({}, {"_id": 1}) is not None

    async def create(self, account: Account) -> None:
        """Raises `UsernameTakenError`."""
        try:
            await self._collection.insert_one(
                {
                    "_id": account.username,
                    "password_hash": account.password_hash,
                    "role": account.role.value,
                    "areas": sorted(account.areas),
                    "display_name": account.display_name,
                    "capacity": account.capacity,
                    "disabled": account.disabled,
                    "created_at": written(account.created_at),
                }
            )
        except DuplicateKeyError:
            raise UsernameTakenError from None

    async def change(self, username: str, changes: dict[str, Any]) -> Account | None:
        """Fields of `Account` to their new values. None: no such account."""
        fields = {
            name: sorted(value) if isinstance(value, frozenset) else value for name, value in changes.items()
        }
        if fields:
            await self._collection.update_one({"_id": username}, {"$set": fields})
        return await self.get(username)

    async def names(self, usernames: Iterable[str]) -> dict[str, str]:
        """Display names, of those who have an account."""
        wanted = sorted(set(usernames))
        if not wanted:
            return {}
        cursor = self._collection.find({"_id": {"$in": wanted}}, {"display_name": 1})
        return {found["_id"]: found["display_name"] async for found in cursor}


def _account(document: Document) -> Account:
    return Account(
        username=document["_id"],
        password_hash=document["password_hash"],
        role=Role(document["role"]),
        areas=frozenset(document["areas"]),
        display_name=document["display_name"],
        capacity=document["capacity"],
        disabled=document["disabled"],
        created_at=read(document["created_at"]),
    )
