"""What the desk's routes have in their hands."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from agent_gateway.landings import Landings
from agent_gateway.passwords import Passwords
from agent_gateway.store.accounts import Accounts
from agent_gateway.store.acts import Acts
from agent_gateway.store.conversations import Conversations
from agent_gateway.store.echoes import Echoes
from agent_gateway.store.messages import Messages
from agent_gateway.store.presence import Presences
from agent_gateway.store.sessions import Attempts, Sessions
from agent_gateway.texts import Texts
from ventanilla.calendar import OfficeHours
from ventanilla.contracts.conversation import AgentActed
from ventanilla.institution import Institution
from ventanilla.store import Store


@dataclass(frozen=True)
class Desk:
    institution: Institution
    token_key: str
    texts: Texts
    publish: Callable[[AgentActed], Awaitable[None]]
    """Returns when Kafka has it. Raises `StreamUnavailableError`."""
    conversations: Conversations
    messages: Messages
    echoes: Echoes
    acts: Acts
    accounts: Accounts
    sessions: Sessions
    attempts: Attempts
    presences: Presences
    passwords: Passwords = field(default_factory=Passwords)
    landings: Landings = field(default_factory=Landings)
    hours: dict[str, OfficeHours] = field(default_factory=dict)
    """By queue."""

    async def prepare(self) -> None:
        """Indexes. Idempotent."""
        await self.conversations.prepare()
        await self.messages.prepare()
        await self.echoes.prepare()
        await self.acts.prepare()
        await self.sessions.prepare()


def open_desk(
    institution: Institution,
    store: Store,
    *,
    token_key: str,
    texts: Texts,
    publish: Callable[[AgentActed], Awaitable[None]],
) -> Desk:
    return Desk(
        institution=institution,
        token_key=token_key,
        texts=texts,
        publish=publish,
        conversations=Conversations(store),
        messages=Messages(store),
        echoes=Echoes(store),
        acts=Acts(store),
        accounts=Accounts(store),
        sessions=Sessions(store),
        attempts=Attempts(store),
        presences=Presences(store),
        hours={
            name: OfficeHours(institution.schedules[queue.schedule], institution.zone)
            for name, queue in institution.queues.items()
        },
    )
