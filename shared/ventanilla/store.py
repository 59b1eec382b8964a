"""The only file that knows which MongoDB driver we use.

PyMongo's own asynchronous API, the successor of Motor (docs/decisions/0003-driver.md). Services stay on the
part of MongoDB that every engine has: single-document atomic updates, unique indexes, bulk upserts.
"""

from collections.abc import Sequence
from datetime import UTC
from typing import Any, Self

from bson.codec_options import CodecOptions
from pymongo import ASCENDING, DESCENDING, AsyncMongoClient, InsertOne, ReturnDocument, UpdateMany, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError

__all__ = [
    "ASCENDING",
    "DESCENDING",
    "BulkWriteError",
    "Collection",
    "Document",
    "DuplicateKeyError",
    "InsertOne",
    "ReturnDocument",
    "Store",
    "StoreError",
    "UpdateMany",
    "UpdateOne",
    "guarded_upserts",
]

Document = dict[str, Any]
Collection = AsyncCollection[Document]
StoreError = PyMongoError

DUPLICATE_KEY = 11000


class Store:
    """A connection to one database. Every date that comes out is aware, in UTC."""

    def __init__(self, client: AsyncMongoClient[Document], database: str) -> None:
        self._client = client
        self._database = client.get_database(
            database, codec_options=CodecOptions(tz_aware=True, tzinfo=UTC, document_class=dict)
        )

    @classmethod
    def connect(cls, url: str, database: str, timeout_seconds: float = 5.0) -> Self:
        """Does not block: the first operation connects, and fails after `timeout_seconds`."""
        client: AsyncMongoClient[Document] = AsyncMongoClient(
            url,
            serverSelectionTimeoutMS=int(timeout_seconds * 1000),
            connectTimeoutMS=int(timeout_seconds * 1000),
            socketTimeoutMS=30_000,
            retryWrites=False,  # our writes are guarded, we repeat them ourselves; not every engine has it
            w="majority",
        )
        return cls(client, database)

    def collection(self, name: str) -> Collection:
        return self._database[name]

    async def ping(self) -> None:
        """Raises `StoreError` when the store does not answer."""
        await self._database.command("ping")

    async def close(self) -> None:
        await self._client.close()


async def guarded_upserts(
    collection: Collection, writes: Sequence[UpdateOne | InsertOne[Document]]
) -> set[int]:
    """Write all that their guards let through, in one unordered bulk; returns the places of those refused.

    Each write is an upsert whose filter names `_id` and a guard. Where the document exists and the guard
    does not match, the upsert tries to insert a second document of that `_id`, and the duplicate-key error
    says: somebody wrote something newer. An insert is refused by any document of its `_id`. Raises
    `StoreError` for any other failure.
    """
    if not writes:
        return set()
    try:
        await collection.bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        failures = (error.details or {}).get("writeErrors", [])
        if (error.details or {}).get("writeConcernErrors") or any(
            failure.get("code") != DUPLICATE_KEY for failure in failures
        ):
            raise
        return {int(failure["index"]) for failure in failures}
    return set()
