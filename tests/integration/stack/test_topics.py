"""`ventanilla topics apply` and `diff`, on a running broker of either kind."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from typer.testing import CliRunner, Result

from stack.cli import app
from support.engines import RunningEngines, are_real
from ventanilla.topics import RECEIVED, STATUS

OURS = RECEIVED.name


@pytest.fixture
async def admin(new_engines: Callable[[], RunningEngines]) -> AsyncIterator[AIOKafkaAdminClient]:
    """Of a broker with every topic as declared."""
    engines = await asyncio.to_thread(new_engines)
    admin = AIOKafkaAdminClient(bootstrap_servers=engines.kafka)
    await admin.start()
    yield admin
    await admin.close()


async def command(admin: AIOKafkaAdminClient, *words: str, **environment: str) -> Result:
    broker = admin._client.cluster.brokers().pop()
    line = ["topics", *words, "--kafka", f"{broker.host}:{broker.port}"]
    return await asyncio.to_thread(CliRunner().invoke, app, line, env=environment)


async def has(admin: AIOKafkaAdminClient, topic: str, setting: str) -> str:
    (response,) = await admin.describe_configs(
        [ConfigResource(ConfigResourceType.TOPIC, topic, configs={setting: ""})]
    )
    return str(response.resources[0][4][0][1])


async def change(admin: AIOKafkaAdminClient, topic: str, **settings: str) -> None:
    """And wait until the broker tells it back."""
    named = {name.replace("_", "."): value for name, value in settings.items()}
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs=named)])
    async with asyncio.timeout(10):
        for name, value in named.items():
            while await has(admin, topic, name) != value:
                await asyncio.sleep(0.05)


async def test_what_is_as_declared_is_no_difference(admin: AIOKafkaAdminClient) -> None:
    result = await command(admin, "diff")
    assert (result.exit_code, "no difference" in result.stdout) == (0, True), result.output
    assert "nothing to do" in (await command(admin, "apply")).stdout


async def test_a_changed_setting_is_shown_then_mended_and_what_others_set_stays(
    admin: AIOKafkaAdminClient,
) -> None:
    await change(admin, OURS, retention_ms="1000", max_message_bytes="2000000")
    shown = await command(admin, "diff")
    assert shown.exit_code == 1
    assert f"{OURS}: retention.ms is 1000, declared 1209600000" in shown.stdout
    mended = await command(admin, "apply")
    assert mended.exit_code == 0, mended.output
    assert f"{OURS}: changed retention.ms from 1000 to 1209600000" in mended.stdout
    assert await has(admin, OURS, "max.message.bytes") == "2000000"
    assert (await command(admin, "diff")).exit_code == 0


async def test_a_deleted_topic_is_made_again_and_a_strangers_is_let_alone(
    admin: AIOKafkaAdminClient,
) -> None:
    await admin.create_topics([NewTopic("somebody.elses", 1, 1)])
    await admin.delete_topics([OURS])
    async with asyncio.timeout(10):
        while OURS in await admin.list_topics():
            await asyncio.sleep(0.05)
    assert f"{OURS}: missing" in (await command(admin, "diff")).stdout
    assert f"made {OURS}" in (await command(admin, "apply")).stdout
    assert await has(admin, OURS, "retention.ms") == "1209600000"
    assert {OURS, "somebody.elses"} <= set(await admin.list_topics())


async def test_partitions_are_added_only_when_told_so(admin: AIOKafkaAdminClient) -> None:
    await admin.delete_topics([STATUS.name])
    async with asyncio.timeout(10):
        while STATUS.name in await admin.list_topics():
            await asyncio.sleep(0.05)
    await admin.create_topics([NewTopic(STATUS.name, 2, 1)])

    async def partitions() -> int:
        (found,) = await admin.describe_topics([STATUS.name])
        return len(found["partitions"])

    refused = await command(admin, "apply")
    assert refused.exit_code == 1
    assert f"{STATUS.name}: 2 partitions, declared 6" in refused.stdout
    assert "contacts lie in other partitions" in refused.stdout
    assert await partitions() == 2
    added = await command(admin, "apply", "--add-partitions")
    assert added.exit_code == 0, added.output
    assert f"{STATUS.name}: partitions added" in added.stdout
    assert await partitions() == 6


async def test_replicas_that_one_broker_cannot_keep_are_told_and_nothing_becomes_unwritable(
    admin: AIOKafkaAdminClient,
) -> None:
    result = await command(admin, "apply", VENTANILLA_KAFKA_REPLICATION="3")
    assert result.exit_code == 1
    assert f"{OURS}: 1 replicas, declared 3" in result.stdout
    assert await has(admin, OURS, "min.insync.replicas") == "1"
    wrong = await command(admin, "diff", VENTANILLA_KAFKA_REPLICATION="many")
    assert wrong.exit_code == 1
    assert "VENTANILLA_KAFKA_REPLICATION" in wrong.output


async def test_on_three_brokers_each_record_is_kept_thrice_and_one_broker_may_be_down(tmp_path: Path) -> None:
    if not are_real():
        pytest.skip("the embedded broker is alone")
    from engines.apache_kafka import ApacheKafka

    environment = {"VENTANILLA_KAFKA_REPLICATION": "3"}
    cluster = ApacheKafka(tmp_path, brokers=3)
    await asyncio.to_thread(cluster.start)
    try:
        line = ["--kafka", cluster.bootstrap]
        made = await asyncio.to_thread(CliRunner().invoke, app, ["topics", "apply", *line], env=environment)
        assert made.exit_code == 0, made.output
        same = await asyncio.to_thread(CliRunner().invoke, app, ["topics", "diff", *line], env=environment)
        assert same.exit_code == 0, same.output
        admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
        await admin.start()
        (found,) = await admin.describe_topics([OURS])
        assert {len(partition["replicas"]) for partition in found["partitions"]} == {3}
        assert await has(admin, OURS, "min.insync.replicas") == "2"
        await admin.close()
    finally:
        await asyncio.to_thread(cluster.stop)
