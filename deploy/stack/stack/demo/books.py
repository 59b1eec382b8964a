"""What the desk and billing list, read by their HTTP APIs with bearer tokens."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx

from stack.demo.figures import Balance
from ventanilla.access import Role, issue_token


class Books:
    """Raises `httpx.HTTPError` where a service does not answer as it should."""

    def __init__(
        self, client: httpx.AsyncClient, billing: str, desk: str, account: str, token_key: str
    ) -> None:
        self._client = client
        self._billing = billing
        self._desk = desk
        self._account = account
        self._finance = issue_token(token_key, "demo", Role.FINANCE)
        self._admin = issue_token(token_key, "demo", Role.ADMIN)

    async def balance(self, month: str) -> Balance:
        found = await self._get(
            f"{self._billing}/v1/balance", self._finance, month=month, account=self._account
        )
        return Balance(found["used"], Decimal(found["cost"]), tuple(found["assumed"]))

    async def sessions(self, month: str, contacts: set[str]) -> dict[str, list[tuple[datetime, int]]]:
        """By contact id: opening and messages of each session of these contacts."""
        found: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
        cursor: dict[str, str] = {}
        while True:
            page = await self._get(
                f"{self._billing}/v1/sessions", self._finance,
                month=month, account=self._account, limit="1000", **cursor,
            )  # fmt: skip
            for item in page["items"]:
                if item["contact"] in contacts:
                    found[item["contact"]].append(
                        (datetime.fromisoformat(item["opened_at"]), item["messages"])
                    )
            if page["next"] is None:
                return dict(found)
            cursor = {"cursor": page["next"]}

    async def queues(self, queues: Iterable[str], conversations: set[str]) -> dict[str, int]:
        """How many of these conversations the desk lists in each queue."""
        found: Counter[str] = Counter()
        for queue in queues:
            after: dict[str, str] = {}
            while True:
                page = await self._get(
                    f"{self._desk}/v1/conversations", self._admin,
                    view="all", queue=queue, limit="200", **after,
                )  # fmt: skip
                found[queue] += sum(item["id"] in conversations for item in page["items"])
                if page["next"] is None:
                    break
                after = {"after": page["next"]}
        return {queue: count for queue, count in sorted(found.items()) if count}

    async def _get(self, url: str, token: str, **query: str) -> dict[str, Any]:
        answer = await self._client.get(url, params=query, headers={"Authorization": f"Bearer {token}"})
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found
