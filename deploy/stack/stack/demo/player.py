"""Plays the day: each citizen in his own order, many at once; agents take who waits in office hours."""

import asyncio
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from stack.demo.desk import Desk, DeskError
from stack.demo.provider import JsonObject, Phone, Provider, ProviderError, message, phone
from stack.demo.recording import Citizen, Step
from stack.demo.seen import Seen, caused, is_out
from stack.demo.witness import Witness
from ventanilla.calendar import OfficeHours
from ventanilla.contracts.channel import Channel, Menu, Option
from ventanilla.contracts.conversation import BotOutcome, Change, Conversation, ConversationState
from ventanilla.contracts.event import derived_id
from ventanilla.institution import Account, Institution

_PATIENCE = 60.0  # seconds that an answer may take before it is reported as missing
_AT_ONCE = 24  # citizens who write at the same time


@dataclass
class Tally:
    """What the citizens and agents did, as they count it themselves."""

    written: dict[str, float] = field(default_factory=dict)
    """When the webhook of each distinct message was first posted (Unix seconds, wall clock), by event id."""
    asides: set[str] = field(default_factory=set)
    """Messages that nobody has to answer."""
    posted_again: int = 0
    conversations: int = 0
    """That ought to have been opened: the first of each citizen, and one for each return after an end."""
    acts: Counter[str] = field(default_factory=Counter)
    picked_areas: dict[str, str] = field(default_factory=dict)
    """By contact id: the area that the citizen picked from the menu."""
    contacts: dict[str, str] = field(default_factory=dict)
    """Our contact id of each phone's address."""
    problems: list[str] = field(default_factory=list)


class Player:
    """One run of the day."""

    def __init__(
        self,
        institution: Institution,
        account: Account,
        day: date,
        run: int,
        provider: Provider,
        witness: Witness,
        desk: Desk,
    ) -> None:
        self._institution = institution
        self._account = account
        self._day = day
        self._run = run
        self._provider = provider
        self._witness = witness
        self._desk = desk
        self._hours = {
            key: OfficeHours(institution.schedules[queue.schedule], institution.zone)
            for key, queue in institution.queues.items()
        }
        capacity = institution.conversation.agent_capacity
        self._seats = {queue: asyncio.Semaphore(capacity) for queue in institution.queues}
        self.tally = Tally()

    async def play(self, citizens: list[Citizen], done: Callable[[], None]) -> None:
        """Returns when everybody has said all he has to say. `done` is called after each citizen."""
        room = asyncio.Semaphore(_AT_ONCE)

        async def one(citizen: Citizen) -> None:
            async with room:
                try:
                    await _Visit(self, citizen).run()
                except (ProviderError, DeskError) as error:
                    self.tally.problems.append(f"citizen {citizen.number}: {error}")
            done()

        async with asyncio.TaskGroup() as group:
            for citizen in citizens:
                group.create_task(one(citizen))

    def moment(self, step: Step) -> datetime:
        return datetime.combine(self._day, step.at, self._institution.zone).astimezone(UTC)


class _Visit:
    """One citizen's day."""

    def __init__(self, player: Player, citizen: Citizen) -> None:
        self._player = player
        self._citizen = citizen
        self._phone: Phone = phone(player._run, citizen.number, citizen.ids, citizen.name)
        self._last_at: datetime | None = None
        self._agent_words = iter(citizen.agents)
        self._seat = AsyncExitStack()

    @property
    def _seen(self) -> Seen:
        return self._player._witness.seen

    async def run(self) -> None:
        trouble = self._citizen.trouble
        await self._player._provider.misbehave(self._phone, trouble.behaviour, trouble.failure)
        steps = list(enumerate(self._citizen.steps))
        async with self._seat:
            while steps:
                together = [steps.pop(0)]
                while steps and steps[0][1].at_once:
                    together.append(steps.pop(0))
                await self._write(together)
            await self._close()

    # --- the citizen ----------------------------------------------------------------------------------

    async def _write(self, steps: list[tuple[int, Step]]) -> None:
        """Some messages without waiting in between, then wait until all of them have been answered."""
        player, tally = self._player, self._player.tally
        ids: list[str] = []
        await player._provider.set_clock([self._phone], player.moment(steps[0][1]))
        for place, step in steps:
            at = player.moment(step)
            wamid = _wamid(player._run, self._citizen.number, place)
            event_id = derived_id("received", Channel.WHATSAPP, player._account.id, wamid)
            body = message(self._phone, wamid, at, self._content(step))
            if step.is_aside:
                tally.asides.add(event_id)
            elif place == 0 or self._begins_anew(at):
                tally.conversations += 1
            self._last_at = at
            tally.written[event_id] = time.time()
            await player._provider.post(self._phone, [body])
            for _ in range(step.again):
                tally.posted_again += 1
                await player._provider.post(self._phone, [body])
            if not step.is_aside:
                ids.append(event_id)
        for event_id in ids:
            await self._answered(event_id, steps[0][0])
        if ids:
            self._learn_contact(ids[0])
            await self._attend()

    def _begins_anew(self, at: datetime) -> bool:
        """Whether a message now begins another conversation: the last one ended, or will have by then."""
        conversation, last = self._conversation, self._last_at
        if conversation is None or last is None:
            return False
        if conversation.state is ConversationState.CLOSED:
            return conversation.queue is None
        idle = self._player._institution.conversation.bot_idle
        return conversation.state is ConversationState.WITH_BOT and at - last > idle

    def _content(self, step: Step) -> JsonObject:
        """The step in the provider's words."""
        if step.say is not None:
            return {"type": "text", "text": {"body": step.say}}
        if step.send is not None:
            content: Any = step.content
            if step.send == "reaction":
                content = {"message_id": self._last_arrived(), **content}
            elif step.send == "contacts":
                content = [content]
            return {"type": step.send, step.send: content}
        option = self._picked(step.pick)
        reply = {"id": option.id, "title": option.title}
        reply |= {"description": option.description} if option.description else {}
        kind = "list_reply" if len(self._menu_options()) > 3 else "button_reply"
        return {"type": "interactive", "interactive": {"type": kind, kind: reply}}

    def _menu_options(self) -> list[Option]:
        menu = self._seen.menus.get(self._contact_id or "")
        return menu.content.options if menu is not None and isinstance(menu.content, Menu) else []

    def _picked(self, wanted: str | int | None) -> Option:
        """By place in the menu that arrived; or by id, on whatever menu it once was."""
        options = self._menu_options()
        if isinstance(wanted, int):
            if options:
                return options[min(wanted, len(options) - 1)]
            return Option(id="menu", title="1")
        assert wanted is not None, "checked by the recording"
        area = wanted.removeprefix("area:")
        if area != wanted and self._contact_id and self._citizen.area_is_picked:
            self._player.tally.picked_areas[self._contact_id] = area
        return next((option for option in options if option.id == wanted), Option(id=wanted, title=wanted))

    def _last_arrived(self) -> str:
        """The provider's id of a message to react to."""
        arrived = [
            status.provider_message_id
            for message_id, parts in self._seen.settled.items()
            if self._seen.outbound.get(message_id) is not None
            and self._seen.outbound[message_id].contact_id == self._contact_id
            for status in parts.values()
        ]
        return next((one for one in reversed(arrived) if one), "wamid.unknown")

    @property
    def _contact_id(self) -> str | None:
        return self._player.tally.contacts.get(self._phone.address)

    @property
    def _conversation(self) -> Conversation | None:
        return self._seen.conversations.get(self._contact_id or "")

    def _learn_contact(self, event_id: str) -> None:
        if received := self._seen.received.get(event_id):
            self._player.tally.contacts[self._phone.address] = received.contact_id

    # --- waiting ----------------------------------------------------------------------------------------

    async def _answered(self, event_id: str, place: int) -> None:
        """Until the bot's whole answer is out, or the message has gone to people."""
        if not await self._player._witness.until(lambda seen: _answer_is_out(seen, event_id), _PATIENCE):
            self._problem(f"no answer to message {place + 1}")

    def _problem(self, text: str) -> None:
        self._player.tally.problems.append(f"citizen {self._citizen.number}: {text}")

    # --- the agent --------------------------------------------------------------------------------------

    async def _attend(self) -> None:
        """Somebody takes a conversation that waits while its queue is open, and answers what was said."""
        conversation = self._conversation
        if conversation is None or self._last_at is None or conversation.queue is None:
            return
        if conversation.state is ConversationState.WAITING:
            if not self._player._hours[conversation.queue].is_open(self._last_at):
                return
            await self._seat.enter_async_context(self._player._seats[conversation.queue])
            if not await self._act(conversation, "take"):
                return
        elif conversation.state is not ConversationState.WITH_AGENT:
            return
        words = next(self._agent_words, None)
        if words is not None:
            await self._act(conversation, "reply", words)

    async def _close(self) -> None:
        conversation = self._conversation
        if conversation is not None and conversation.state is ConversationState.WITH_AGENT:
            await self._act(conversation, "close")

    async def _act(self, conversation: Conversation, kind: str, text: str | None = None) -> bool:
        """Until the act has had its effect and its words are out. False: it was refused, or is lost."""
        assert conversation.queue is not None, "people have a conversation in a queue"
        act_id = await self._player._desk.act(conversation, kind, text)
        self._player.tally.acts[kind] += 1
        if not await self._player._witness.until(lambda seen: _act_is_done(seen, act_id, kind), _PATIENCE):
            self._problem(f"no effect of an agent's {kind}")
            return False
        if caused(self._seen, act_id, Change.ACT_REFUSED):
            self._problem(f"an agent's {kind} was refused")
            return False
        return True


def _answer_is_out(seen: Seen, event_id: str) -> bool:
    """Whether a citizen's message has had all the answer that it will get, as far as the provider took it."""
    if event_id in seen.to_agents:
        return True
    answer = seen.answers.get(event_id)
    if answer is None:
        return False
    if caused(seen, answer.id, Change.ANSWER_DISCARDED):
        return True
    if answer.outcome is BotOutcome.HANDOVER and not caused(seen, answer.id, Change.QUEUED):
        return False
    return _words_are_out(seen, answer.id, len(answer.replies))


def _act_is_done(seen: Seen, act_id: str, kind: str) -> bool:
    """Whether the router has decided, and the words of the act are out."""
    if caused(seen, act_id, Change.ACT_REFUSED):
        return True
    if kind != "reply" and not caused(seen, act_id, Change.ASSIGNED, Change.CLOSED):
        return False
    return _words_are_out(seen, act_id, 1)


def _words_are_out(seen: Seen, cause_id: str, at_least: int) -> bool:
    """Whether the provider has answered to all that an event made us say."""
    messages = seen.by_cause.get(cause_id, [])
    return len(messages) >= at_least and all(is_out(seen, one) for one in messages)


def _wamid(run: int, citizen: int, place: int) -> str:
    """The same on no other run."""
    return f"wamid.{b64encode(f'ventanilla demo {run} {citizen} {place}'.encode()).decode()}"
