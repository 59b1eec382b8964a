"""Two contacts turn out to be one person.

Ingest announces it under both keys. The contact that ends (the alias) closes its conversation here and sends
it on, by the same kind of event, to the contact that goes on (the canonical one), whose owner adopts it. What
still comes for the alias is passed on under the canonical key: messages and deadlines on their own topics,
answers and acts, which belong to one conversation, behind that conversation (`ContactLinked.passed_on`).
"""

from datetime import datetime

from router.domain import seen
from router.domain.state import OPEN, WITH_PEOPLE, RouterState
from router.domain.step import Step
from ventanilla.contracts.conversation import (
    AgentActed,
    BotAnswered,
    Change,
    ContactLinked,
    Conversation,
    ConversationState,
    QueuedReason,
)
from ventanilla.contracts.event import Event, derived_id
from ventanilla.stream.decision import Output
from ventanilla.topics import AGENT_ACTED, BOT_ANSWERED, CONTACT_LINKED, RECEIVED, TIMER

_TOPICS = {topic.event: topic for topic in (RECEIVED, BOT_ANSWERED, AGENT_ACTED, TIMER, CONTACT_LINKED)}


def is_the_routers(link: ContactLinked) -> bool:
    """Whether a link was written by the alias's owner, with what the alias had or with what came for it."""
    return link.conversation is not None or bool(link.seen) or link.passed_on is not None


def passed_on(alias: RouterState, canonical_id: str, event: Event) -> Output:
    """What came for a contact that ended, for the one that goes on."""
    conversation = alias.conversation
    if isinstance(event, BotAnswered | AgentActed) and conversation is not None:
        return CONTACT_LINKED, ContactLinked(
            id=derived_id("passed_on", event.id), occurred_at=event.occurred_at, contact_id=canonical_id,
            correlation_id=event.correlation_id, alias_id=event.contact_id, canonical_id=canonical_id,
            merged=True, channel=conversation.channel, account=conversation.account,
            passed_on=event.model_copy(update={"contact_id": canonical_id}),
        )  # fmt: skip
    update: dict[str, object] = {"contact_id": canonical_id}
    if isinstance(event, ContactLinked) and event.passed_on is not None:
        update["passed_on"] = event.passed_on.model_copy(update=update)
    return _TOPICS[type(event)], event.model_copy(update=update)


def linked(step: Step, event: ContactLinked) -> bool:
    """False: nothing changes for this contact."""
    if is_the_routers(event):
        _take_in(step, event)
        return True
    if not event.merged or event.alias_id == event.canonical_id:
        return False
    if event.contact_id == event.alias_id:
        return _end(step, event)
    return _go_on(step, event)


def _end(step: Step, event: ContactLinked) -> bool:
    canonical = event.canonical_id
    if canonical in step.absorbed and event.alias_id < canonical:
        return False  # two replicas of ingest joined them in both directions: the smaller id goes on
    step.absorbed = tuple(other for other in step.absorbed if other != canonical)
    step.merged_into = canonical
    carried = None
    if step.conversation is not None and step.conversation.state in OPEN:
        step.set()
        carried = step.conversation
        step.conversation = carried.model_copy(
            update={"state": ConversationState.CLOSED, "state_since": step.at, "agent_id": None}
        )
        step.tell(Change.MERGED, "system", reason="moved")
        step.touch()
    if carried is not None or step.seen:
        parcel = event.model_copy(
            update={
                "id": derived_id("carried", event.id),
                "occurred_at": step.at,
                "contact_id": canonical,
                "conversation": carried,
                "seen": step.seen,
            }
        )
        step.outputs.append((CONTACT_LINKED, parcel))
    return True


def _go_on(step: Step, event: ContactLinked) -> bool:
    alias = event.alias_id
    if step.merged_into == alias:
        if alias < event.canonical_id:
            return False
        step.merged_into = None
    step.absorbed = (*(other for other in step.absorbed if other != alias), alias)
    return True


def _take_in(step: Step, event: ContactLinked) -> None:
    """Adopt the alias's conversation, unless our own is further on; people's go before the bot's."""
    step.seen = seen.joined(step.seen, event.seen)
    theirs, ours = event.conversation, step.conversation
    if theirs is None:
        return
    if ours is not None and ours.state in OPEN:
        if ours.state in WITH_PEOPLE or theirs.state not in WITH_PEOPLE:
            step.change(Change.MERGED, "system", reason="kept", queued_at=_earlier(ours, theirs))
            step.joined = (*step.joined, theirs.id)
            return
        step.change(Change.MERGED, "system", reason="replaced", state=ConversationState.CLOSED)
    step.begin(theirs.model_copy(update={"contact_id": event.contact_id}))
    # Where the bot has it, its answer comes behind it.
    step.unanswered = theirs.state in WITH_PEOPLE
    step.change(Change.MERGED, "system", reason="adopted")
    if theirs.state in WITH_PEOPLE:
        step.to_agents(QueuedReason.CARRIED)
    step.touch()


def _earlier(ours: Conversation, theirs: Conversation) -> datetime | None:
    """The person's first arrival in a queue counts, by whichever id."""
    if ours.queued_at is None or theirs.queued_at is None:
        return ours.queued_at
    return min(ours.queued_at, theirs.queued_at)
