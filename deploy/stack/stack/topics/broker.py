"""The declared topics, on a real broker: made, compared, and never taken away."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from stack.topics.declared import (
    Actual,
    Copies,
    Declared,
    Difference,
    Setting,
    TopicsError,
    compared,
    declared,
)

_ONE_REPLICA = Copies()

_SET_ON_THE_TOPIC = 1
"""Kafka's DYNAMIC_TOPIC_CONFIG: a setting that somebody gave to this topic, not the broker's default."""

_TAKES_EFFECT_SECONDS = 5.0
"""A change goes from the controller to the brokers, and they answer with the old value until then."""


@dataclass(frozen=True)
class Applied:
    """What was done, and what still differs."""

    made: list[str] = field(default_factory=list)
    changed: list[Setting] = field(default_factory=list)
    extended: list[str] = field(default_factory=list)
    """Topics that got more partitions."""
    left: Difference = field(default_factory=Difference)
    not_taken: list[Setting] = field(default_factory=list)
    """Asked for and accepted, yet not so: not every broker that speaks the protocol knows every setting."""

    def lines(self) -> list[str]:
        return [
            *(f"made {name}" for name in self.made),
            *(f"{one.topic}: changed {one.name} from {one.actual} to {one.declared}" for one in self.changed),
            *(
                f"{name}: partitions added; contacts may now lie in other partitions than before"
                for name in self.extended
            ),
            *self.warnings(),
        ]

    def warnings(self) -> list[str]:
        """What is still not as declared."""
        ignored = [f"{one}; the broker accepted the change and did not make it" for one in self.not_taken]
        settings = [one for one in self.left.settings if one not in self.not_taken]
        return ignored + replace(self.left, settings=settings).lines()


async def apply(bootstrap: str, copies: Copies = _ONE_REPLICA, *, add_partitions: bool = False) -> Applied:
    """Make what is missing and change the settings that differ; add partitions only when told so.

    Nothing is deleted, and a setting that is not ours stays as somebody made it. May be repeated.
    Raises `TopicsError`; then a part may be done.
    """
    async with _connected(bootstrap) as admin:
        wanted = declared(copies)
        before = await _compare(admin, wanted)
        await _create(admin, before.missing)
        await _set(admin, before.settings)
        more = [one for one in before.partitions if one.declared > one.actual] if add_partitions else []
        if more:
            await admin.create_partitions({one.topic: NewPartitions(one.declared) for one in more})
        changes = bool(before.missing or before.settings or more)
        left = await _settled(admin, wanted, add_partitions) if changes else before
        return Applied(
            made=[topic.name for topic in before.missing],
            changed=[one for one in before.settings if one not in left.settings],
            extended=[one.topic for one in more],
            left=left,
            not_taken=[one for one in left.settings if one in before.settings],
        )


async def diff(bootstrap: str, copies: Copies = _ONE_REPLICA) -> Difference:
    """Compare, change nothing. Raises `TopicsError`."""
    async with _connected(bootstrap) as admin:
        return await _compare(admin, declared(copies))


@asynccontextmanager
async def _connected(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id="ventanilla-stack")
    try:
        await admin.start()
    except KafkaError as error:
        await admin.close()
        raise TopicsError(f"no broker answers at {bootstrap} ({type(error).__name__})") from None
    try:
        yield admin
    except KafkaError as error:
        raise TopicsError(f"{bootstrap}: {error!r}") from error
    finally:
        await admin.close()


async def _settled(admin: AIOKafkaAdminClient, wanted: list[Declared], add_partitions: bool) -> Difference:
    """What still differs when the broker had time to take what it was told."""
    deadline = asyncio.get_running_loop().time() + _TAKES_EFFECT_SECONDS
    while True:
        left = await _compare(admin, wanted)
        waits = left.missing or left.settings or (add_partitions and left.partitions)
        if not waits or asyncio.get_running_loop().time() > deadline:
            return left
        await asyncio.sleep(0.1)


async def _compare(admin: AIOKafkaAdminClient, wanted: list[Declared]) -> Difference:
    existing = set(await admin.list_topics())
    # Described only where present: describing an unknown topic would create it with one partition.
    names = sorted(topic.name for topic in wanted if topic.name in existing)
    if not names:
        return compared(wanted, {})
    keys = sorted({key for topic in wanted for key in topic.configs})
    configs = {name: dict(_values(entries)) for name, entries in await _configs(admin, names, keys)}
    found = {
        one["topic"]: Actual(
            partitions=len(one["partitions"]),
            replication=min(len(partition["replicas"]) for partition in one["partitions"]),
            configs=configs.get(one["topic"], {}),
        )
        for one in await admin.describe_topics(names)
        if one["partitions"]
    }
    return compared(wanted, found)


_Entries = list[tuple[str, str | None, bool, int, bool, list[object]]]
"""Name, value, read-only, source, sensitive, synonyms."""


async def _configs(
    admin: AIOKafkaAdminClient, names: Iterable[str], keys: Iterable[str] | None
) -> list[tuple[str, _Entries]]:
    """Settings by topic; `keys` None: all of them."""
    wanted = None if keys is None else dict.fromkeys(keys, "")
    asked = [ConfigResource(ConfigResourceType.TOPIC, name, configs=wanted) for name in names]
    found: list[tuple[str, _Entries]] = []
    for response in await admin.describe_configs(asked):
        for code, message, _, name, entries in response.resources:
            if code:
                raise TopicsError(f"the broker does not tell the settings of {name}: {_why(code, message)}")
            found.append((name, entries))
    return found


def _values(entries: _Entries) -> list[tuple[str, str]]:
    return [(name, value or "") for name, value, *_ in entries]


async def _set(admin: AIOKafkaAdminClient, settings: list[Setting]) -> None:
    """The request replaces all that was ever set on a topic, so what others set there goes with it again."""
    if not settings:
        return
    ours: dict[str, dict[str, str]] = {}
    for setting in settings:
        ours.setdefault(setting.topic, {})[setting.name] = setting.declared
    resources = []
    for name, entries in await _configs(admin, sorted(ours), None):
        theirs = {key: value or "" for key, value, _, source, *_ in entries if source == _SET_ON_THE_TOPIC}
        resources.append(ConfigResource(ConfigResourceType.TOPIC, name, configs={**theirs, **ours[name]}))
    for response in await admin.alter_configs(resources):
        for code, message, _, name in response.resources:
            if code:
                raise TopicsError(f"the broker refuses settings of {name}: {_why(code, message)}")


async def _create(admin: AIOKafkaAdminClient, topics: list[Declared]) -> None:
    if not topics:
        return
    response = await admin.create_topics(
        [
            NewTopic(topic.name, topic.partitions, topic.replication, topic_configs=dict(topic.configs))
            for topic in topics
        ]
    )
    for name, code, message, *_ in response.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            raise TopicsError(f"the broker refuses topic {name}: {_why(code, message)}")


def _why(code: int, message: str | None) -> str:
    return f"{for_code(code).__name__}{f' ({message})' if message else ''}"
