"""The agents of the demo, who work at the desk through its own API, each in the queue of his area."""

import asyncio
import uuid
from typing import Any

import httpx

from ventanilla.contracts.conversation import Conversation
from ventanilla.institution import Institution

_PATIENCE = 30.0  # seconds in which the desk must know a conversation, and have room for it
_PAUSE = 0.1


class DeskError(Exception):
    """The desk let nobody in, or refused a request."""


class Desk:
    """Logs an agent in for each queue when he is first needed."""

    def __init__(self, client: httpx.AsyncClient, url: str, institution: Institution, password: str) -> None:
        self._client = client
        self._url = url
        self._institution = institution
        self._password = password
        self._cookies: dict[str, str] = {}
        self._doors: dict[str, asyncio.Lock] = {}

    async def act(self, conversation: Conversation, kind: str, text: str | None = None) -> str:
        """`take`, `reply` with a text, or `close`. Returns the act's id; its effect shows on the topics.

        The desk follows the topics as we do, so it may hear of a conversation, or of a free place, a moment
        later: 404 and a full agent are asked again. Raises `DeskError`.
        """
        assert conversation.queue is not None, "people have a conversation in a queue"
        agent = f"agente.{self._institution.queues[conversation.queue].area or conversation.queue}"
        headers = {
            "Origin": self._url, "Cookie": await self._cookie(agent), "Idempotency-Key": uuid.uuid4().hex,
        }  # fmt: skip
        url = f"{self._url}/v1/conversations/{conversation.id}/{kind}"
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        while True:
            body: dict[str, Any] = {} if text is None else {"text": text}
            answer = await self._client.post(url, json=body, headers=headers)
            if answer.status_code in (200, 202):
                act_id: str = answer.json()["act_id"]
                return act_id
            late = answer.status_code == 404 or (answer.status_code == 409 and "capacity" in answer.text)
            if not late or asyncio.get_running_loop().time() > deadline:
                raise DeskError(f"the desk answered {answer.status_code} to a {kind}: {answer.text[:200]}")
            await asyncio.sleep(_PAUSE)

    async def _cookie(self, agent: str) -> str:
        """By hand: a client's jar would not send a cookie marked Secure over plain loopback HTTP."""
        async with self._doors.setdefault(agent, asyncio.Lock()):
            if agent not in self._cookies:
                answer = await self._client.post(
                    f"{self._url}/v1/session",
                    json={"username": agent, "password": self._password},
                    headers={"Origin": self._url},
                )
                cookie = answer.headers.get("set-cookie", "").partition(";")[0]
                if answer.status_code >= 300 or not cookie:
                    raise DeskError(f"the desk answered {answer.status_code} to the login of {agent}")
                self._cookies[agent] = cookie
            return self._cookies[agent]
