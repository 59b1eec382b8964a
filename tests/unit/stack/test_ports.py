"""What a person reads when a port is taken."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.engines import free_port
from stack.ports import Owner, Wanted, conflicts, owner_of, taken
from stack.services import ALL, PortError, read_port

INGEST = Wanted(8010, "ingest", "VENTANILLA_INGEST_PORT")


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_taken_port_says_which_for_what_by_whom_and_what_to_set() -> None:
    assert taken(INGEST, Owner(4711, "python3 -m http.server 8010")) == (
        "port 8010 (ingest) is taken by python3 -m http.server 8010 (pid 4711); stop it, "
        "or set VENTANILLA_INGEST_PORT to a free port"
    )


def test_where_the_system_hides_the_owner_the_rest_is_said() -> None:
    assert taken(INGEST, None) == (
        "port 8010 (ingest) is taken; find who listens there, or set VENTANILLA_INGEST_PORT to a free port"
    )


def test_two_parts_cannot_have_the_same_port() -> None:
    bot = Wanted(INGEST.port, "bot", "VENTANILLA_BOT_PORT")
    assert (
        "port 8010 is wanted twice, for ingest and bot; set VENTANILLA_INGEST_PORT or VENTANILLA_BOT_PORT"
        in (conflicts([INGEST, bot])[-1])
    )


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells who listens where")
def test_the_listening_process_is_found(listener: int) -> None:
    owner = owner_of(listener)
    assert owner is not None
    assert "pytest" in owner.command
    [problem] = conflicts([Wanted(listener, "bot", "VENTANILLA_BOT_PORT")])
    assert problem.startswith(f"port {listener} (bot) is taken by ")


def test_a_free_port_is_no_conflict() -> None:
    assert conflicts([Wanted(free_port(), "bot", "VENTANILLA_BOT_PORT")]) == []


def test_a_free_port_is_given_once() -> None:
    """Five services that ask before any of them listens get five ports."""
    given = [free_port() for _ in range(500)]
    assert len(set(given)) == len(given)


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "80.5"])
def test_a_variable_that_is_no_port_says_so(text: str) -> None:
    with pytest.raises(PortError, match=r"VENTANILLA_X is .*; set it to a number from 1 to 65535"):
        read_port("VENTANILLA_X", {"VENTANILLA_X": text})


def test_every_service_has_its_own_port_and_variable() -> None:
    assert {service.name: service.port({}) for service in ALL} == {
        "ingest": 8010, "router": 8020, "bot": 8030, "agent-gateway": 8040, "billing": 8050, "sandbox": 8090,
    }  # fmt: skip
    moved = {service.port_variable: "9000" for service in ALL}
    assert len(moved) == len(ALL)
    assert {service.port(moved) for service in ALL} == {9000}
