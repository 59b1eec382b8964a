"""What is refused, and how it is told: an error frame and a close code, never a crash."""

from dataclasses import replace

import pytest

from ingest.channels.webchat.limits import Limits, Rate
from ingest.gate import Gate
from support.engines import RunningEngines
from support.webchat import connected, replica, visiting

STRICT = Limits(visitor_messages=Rate(burst=2, per_second=0.01), refusals=3)


async def test_a_forged_token_is_refused(engines: RunningEngines, database: str) -> None:
    async with replica(engines, database) as server:
        async with visiting(server) as (_, welcome):
            header, claims, signature = welcome["token"].split(".")
        async with connected(server) as visitor:
            await visitor.send(type="hello", token=f"{header}.{claims}.{signature[::-1]}")
            code, (error,) = await visitor.closed()
            assert (code, error["code"]) == (4401, "bad_token")


async def test_an_account_that_is_not_ours(engines: RunningEngines, database: str) -> None:
    async with replica(engines, database) as server, connected(server, account="otra") as visitor:
        code, (error,) = await visitor.closed()
        assert (code, error["code"]) == (4404, "unknown_account")


@pytest.mark.parametrize("origin", [None, "https://imitacion.example"])
async def test_a_site_that_may_not_embed_the_chat(
    engines: RunningEngines, database: str, origin: str | None
) -> None:
    async with (
        replica(engines, database, origins=["https://www.registro.example"]) as server,
        connected(server, origin=origin) as visitor,
    ):
        code, (error,) = await visitor.closed()
        assert (code, error["code"]) == (4403, "forbidden_origin")


async def test_a_site_that_may(engines: RunningEngines, database: str) -> None:
    async with (
        replica(engines, database, origins=["https://www.registro.example"]) as server,
        connected(server, origin="https://www.registro.example") as visitor,
    ):
        await visitor.send(type="hello")
        assert (await visitor.next())["type"] == "welcome"


async def test_who_writes_too_fast_is_told_to_wait_and_who_goes_on_is_cut_off(
    engines: RunningEngines, database: str
) -> None:
    async with replica(engines, database, limits=STRICT) as server, visiting(server) as (visitor, _):
        for number in range(5):
            await visitor.send(type="message", client_id=f"mensaje-{number}", text="hola")
        code, frames = await visitor.closed()
        errors = [frame for frame in frames if frame["type"] == "error"]
        assert errors[0]["code"] == "too_many"
        assert errors[0]["client_id"] == "mensaje-2"
        assert 90 < errors[0]["retry_after"] <= 100
        assert code == 4429
        assert len(server.published) == 2


async def test_a_new_connection_does_not_make_a_fast_visitor_faster(
    engines: RunningEngines, database: str
) -> None:
    async with replica(engines, database, limits=STRICT) as server:
        async with visiting(server) as (visitor, welcome):
            for number in range(2):
                await visitor.send(type="message", client_id=f"mensaje-{number}", text="hola")
                await visitor.until("accepted")
        async with visiting(server, welcome["token"]) as (visitor, _):
            await visitor.send(type="message", client_id="mensaje-9", text="hola")
            assert (await visitor.until("error"))["code"] == "too_many"


async def test_a_flood_of_frames_ends(engines: RunningEngines, database: str) -> None:
    async with replica(engines, database) as server, visiting(server) as (visitor, _):
        for _ in range(200):
            await visitor.send(type="typing")
        code, frames = await visitor.closed()
        assert (code, frames[-1]["code"]) == (4429, "too_many")


async def test_too_many_connections_from_one_place(engines: RunningEngines, database: str) -> None:
    limits = replace(Limits(), connections_per_address=1)
    async with (
        replica(engines, database, limits=limits) as server,
        visiting(server),
        connected(server) as another,
    ):
        code, (error,) = await another.closed()
        assert (code, error["code"]) == (4429, "too_many")


async def test_when_too_much_is_in_hand_a_message_is_not_accepted_and_comes_again(
    engines: RunningEngines, database: str
) -> None:
    gate = Gate("webchat", 1)
    async with replica(engines, database, gate=gate) as server, visiting(server) as (visitor, _):
        with gate:
            await visitor.send(type="message", client_id="pregunta-1", text="hola")
            error = await visitor.until("error")
            assert (error["code"], error["client_id"], error["retry_after"]) == (
                "unavailable",
                "pregunta-1",
                2.0,
            )
            assert server.published == []
        await visitor.send(type="message", client_id="pregunta-1", text="hola")
        await visitor.until("accepted")
        assert len(server.published) == 1


async def test_when_too_many_are_connected_a_visitor_is_told_to_come_back(
    engines: RunningEngines, database: str
) -> None:
    limits = replace(Limits(), connections=1)
    async with (
        replica(engines, database, limits=limits) as server,
        visiting(server),
        connected(server) as another,
    ):
        code, (error,) = await another.closed()
        assert (code, error["code"]) == (4503, "unavailable")


async def test_a_visitors_oldest_connection_makes_room(engines: RunningEngines, database: str) -> None:
    limits = replace(Limits(), connections_per_visitor=1)
    async with (
        replica(engines, database, limits=limits) as server,
        visiting(server) as (old, welcome),
        visiting(server, welcome["token"]) as (new, _),
    ):
        code, (error,) = await old.closed()
        assert (code, error["code"]) == (4409, "replaced")
        await new.send(type="ping")
        await new.until("pong")


@pytest.mark.parametrize(
    ("data", "code"),
    [("x" * 17_000, 1009), ("ñ" * 9_000, 1009), (b"\x00\x01", 1003)],
    ids=["too long", "too long in bytes", "binary"],
)
async def test_what_is_no_frame_ends_the_connection(
    engines: RunningEngines, database: str, data: str | bytes, code: int
) -> None:
    async with replica(engines, database) as server, visiting(server) as (visitor, _):
        await visitor.send_raw(data)
        closed, (error,) = await visitor.closed()
        assert closed == code
        assert error["type"] == "error"


async def test_a_bad_frame_is_answered_and_the_next_good_one_is_taken(
    engines: RunningEngines, database: str
) -> None:
    async with replica(engines, database) as server, visiting(server) as (visitor, _):
        await visitor.send_raw('{"type":"message","client_id":"mensaje-1","text":""}')
        error = await visitor.until("error")
        assert (error["code"], error["client_id"]) == ("bad_frame", "mensaje-1")
        await visitor.send(type="message", client_id="mensaje-2", text="hola")
        assert (await visitor.until("accepted"))["client_id"] == "mensaje-2"


async def test_after_all_this_the_next_visitor_is_served(engines: RunningEngines, database: str) -> None:
    async with replica(engines, database, limits=STRICT) as server:
        async with connected(server) as rude:
            await rude.send_raw("{" * 1_000)
            await rude.closed()
        async with visiting(server) as (vanished, _):
            await vanished.vanish()
        async with visiting(server) as (polite, _):
            await polite.send(type="message", client_id="mensaje-1", text="hola")
            await polite.until("accepted")
