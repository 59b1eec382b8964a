"""A Kafka that somebody gave to the tests: emptied before each use, and refused when it is not theirs."""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

_MARK = "ventanilla.tests"
"""A topic that says that a cluster is the tests' own to empty."""


def emptied(bootstrap: str) -> None:
    """Delete every topic of a cluster of the tests. Blocks.

    Raises `ValueError` for a cluster with topics that no test made: it may be somebody's.
    """
    asyncio.run(_emptied(bootstrap))


async def _emptied(bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        names = {name for name in await admin.list_topics() if not name.startswith("__")}
        if names and _MARK not in names:
            raise ValueError(
                f"the Kafka at {bootstrap} has topics that no test made; tests delete all topics, so give "
                f"them an empty one, or create the topic {_MARK} there to say that it is theirs"
            )
        if doomed := sorted(names - {_MARK}):
            await admin.delete_topics(doomed)
            while set(await admin.list_topics()) & set(doomed):
                await asyncio.sleep(0.1)
        if _MARK not in names:
            await admin.create_topics([NewTopic(_MARK, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()
