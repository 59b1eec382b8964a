"""`ventanilla up` as a person meets it: a good start, a bad one, an accident, a stop."""

import os
import re
import signal
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.services import ALL
from support.stack import TestStack
from ventanilla.access import Role, read_token
from ventanilla.store import Store

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestStack]:
    with TestStack(tmp_path_factory.mktemp("stack") / "data") as stack:
        yield stack.start().wait_ready()


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[TestStack]:
    with TestStack(tmp_path / "data") as stack:
        yield stack


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def all_pids(stack: TestStack) -> list[int]:
    state = stack.state
    return [service.pid for service in state.services.values()] + state.engine_pids


def test_a_table_tells_where_everything_is_and_how_to_log_in(running: TestStack) -> None:
    for service in ALL:
        assert service.url(running.environment) in running.output
    assert "agente.rprh" in running.output
    assert f"VENTANILLA_DEMO_PASSWORD in {running.data}" in running.output
    assert re.search(r"^ready in [\d.]+ s; Ctrl-C stops everything$", running.output, re.MULTILINE)


def test_the_log_is_readable_and_free_of_the_brokers_warning(running: TestStack) -> None:
    assert re.search(
        r"^\d\d:\d\d:\d\d router        info     started institution=cnr", running.output, re.MULTILINE
    )
    assert "GLIBC" not in running.output
    assert "Traceback" not in running.output


def test_status_tells_programs_where_everything_is(running: TestStack) -> None:
    facts = running.status()
    assert facts["ready"] is True
    assert facts["kafka"].startswith("127.0.0.1:")
    assert facts["mongo"].startswith("mongodb://127.0.0.1:")
    assert list(facts["services"]) == ["ingest", "router", "bot", "agent-gateway", "billing", "sandbox"]
    for service in ALL:
        told = facts["services"][service.name]
        assert told == {"url": service.url(running.environment), "ready": True}
    assert facts["accounts"] == {"whatsapp": "106540352242922", "webchat": "web"}


def test_a_token_is_printed_alone_and_is_good(running: TestStack) -> None:
    done = running.command("token", "--role", "agent", "--area", "rpi")
    assert done.returncode == 0
    assert done.stdout.count("\n") == 1
    secrets = (running.data / "secrets.env").read_text(encoding="utf-8")
    [key] = re.findall(r"^VENTANILLA_TOKEN_KEY=(.+)$", secrets, re.MULTILINE)
    principal = read_token(key, done.stdout.strip())
    assert principal.role is Role.AGENT
    assert principal.areas == {"rpi"}


def test_a_token_for_an_unknown_area_is_refused(running: TestStack) -> None:
    done = running.command("token", "--role", "agent", "--area", "catastro")
    assert done.returncode == 1
    assert "no area is named catastro; there are rprh, comercio" in done.stderr


def test_every_topic_is_there_as_declared(running: TestStack) -> None:
    done = running.command("topics", "diff")
    assert done.returncode == 0
    assert done.stdout.startswith("no difference: ")


def test_secrets_are_for_their_owner_only(running: TestStack) -> None:
    assert stat.S_IMODE((running.data / "secrets.env").stat().st_mode) == 0o600
    assert stat.S_IMODE(running.data.stat().st_mode) == 0o700


def test_a_second_up_on_the_same_data_says_so_and_disturbs_nothing(running: TestStack) -> None:
    done = running.command("up")
    assert done.returncode == 1
    assert f"a stack runs on {running.data} already (pid {running.state.pid})" in done.stdout
    assert running.status()["ready"] is True


def test_taken_ports_are_all_named_before_anything_starts(running: TestStack, stack: TestStack) -> None:
    stack.environment |= {service.port_variable: str(service.port(running.environment)) for service in ALL}
    done = stack.command("up")
    assert done.returncode == 1
    for service in ALL:
        taken = f"port {service.port(running.environment)} ({service.name}) is taken"
        assert taken in done.stdout
        assert f"set {service.port_variable} to a free port" in done.stdout
    assert not (stack.data / "kafka").exists()


def test_a_wrong_config_is_told_before_anything_starts(stack: TestStack, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("id: x\n", encoding="utf-8")
    stack.environment["VENTANILLA_CONFIG"] = str(tmp_path / "own.yaml")
    done = stack.command("up")
    assert done.returncode == 1
    assert f"{tmp_path / 'own.yaml'}:1: name: Field required; add it" in done.stdout
    assert not (stack.data / "kafka").exists()


async def test_ctrl_c_stops_everything_a_restart_finds_the_data_and_a_crash_is_told(stack: TestStack) -> None:
    stack.start().wait_ready()
    pids, secrets = all_pids(stack), (stack.data / "secrets.env").read_bytes()
    store = Store.connect(stack.state.mongo, "kept")
    await store.collection("things").insert_one({"_id": "a"})
    await store.close()

    assert stack.stop(signal.SIGINT) == 0
    assert not any(map(alive, pids))
    assert stack.command("status").returncode == 1

    stack.start().wait_ready()
    store = Store.connect(stack.state.mongo, "kept")
    assert await store.collection("things").count_documents({}) == 1
    await store.close()
    assert (stack.data / "secrets.env").read_bytes() == secrets

    pids = all_pids(stack)
    os.kill(stack.state.services["router"].pid, signal.SIGKILL)
    assert stack.wait() == 1
    assert "router was killed by SIGKILL; its last lines:" in stack.output
    assert "stopped: router was killed by SIGKILL" in stack.output
    assert not any(map(alive, pids))


def test_what_a_killed_up_left_behind_is_stopped_by_the_next_one(stack: TestStack) -> None:
    stack.start().wait_ready()
    orphans = all_pids(stack)
    assert stack.stop(signal.SIGKILL) == -signal.SIGKILL
    assert all(map(alive, orphans))
    stack.start().wait_ready()
    assert "stopped what an earlier run left behind: ingest, router" in stack.output
    assert not any(map(alive, orphans))
    assert stack.stop(signal.SIGTERM) == 0


def test_without_engines_it_asks_for_running_ones(stack: TestStack) -> None:
    done = stack.command("up", "--no-engines")
    assert done.returncode == 1
    assert "--no-engines needs VENTANILLA_KAFKA_BOOTSTRAP; set it to where the engine runs" in done.stdout


def test_a_stop_during_the_start_leaves_nothing(stack: TestStack) -> None:
    stack.start()
    deadline = time.monotonic() + 60
    while "starting the services" not in stack.output and time.monotonic() < deadline:
        time.sleep(0.05)
    assert stack.stop() == 0
    for service in ALL:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", service.port(stack.environment))) != 0
