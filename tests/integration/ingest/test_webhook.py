"""Meta posts a webhook: what it is answered, and what then stands on the topics."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from ingest.settings import IngestSettings
from support.engines import RunningEngines
from support.topics import dead_letters, eventually_events, records
from support.whatsapp import (
    ACCOUNT,
    AT,
    change,
    contact,
    echo,
    echoes,
    message,
    raw,
    signed,
    status,
    webhook,
)  # fmt: skip
from ventanilla.contacts import contact_id
from ventanilla.contracts.channel import Channel, EchoedMessage, MessageStatus, ReceivedMessage, Text
from ventanilla.contracts.conversation import ContactLinked
from ventanilla.store import Store, StoreError
from ventanilla.topics import CONTACT_LINKED, ECHOED, RECEIVED, STATUS

from .conftest import SECRET, Ingest

PATH = "/webhooks/whatsapp"


def somebody() -> str:
    return f"503{uuid4().int % 10**8:08d}"


def pseudonym(provider_id: str, account: str = ACCOUNT) -> str:
    return contact_id(b"k" * 32, Channel.WHATSAPP, account, provider_id)


async def post(client: httpx.AsyncClient, *changes: dict[str, Any]) -> httpx.Response:
    body = raw(webhook(*changes))
    return await client.post(PATH, content=body, headers=signed(SECRET, body))


async def test_a_message_is_on_its_topic_before_200_and_again_it_is_the_same(
    ingest: Ingest, fresh_engines: RunningEngines
) -> None:
    number = somebody()
    sent = change(messages=[message(from_=number)], contacts=[contact(wa_id=number)])
    async with ingest() as client:
        assert (await post(client, sent)).status_code == 200
        assert (await post(client, sent)).status_code == 200
    first, again = await eventually_events(
        fresh_engines.kafka, RECEIVED, ReceivedMessage, {pseudonym(number)}, 2
    )
    assert first.id == again.id
    assert (first.content, first.sender.name, first.account) == (
        Text(text="q papeles piden"),
        "María",
        ACCOUNT,
    )
    assert first.occurred_at.isoformat() == "2023-11-14T22:13:20+00:00"
    assert number not in first.model_dump_json()


async def test_what_was_written_on_the_numbers_telephone_is_the_citizens_and_nonsense_is_kept(
    ingest: Ingest, fresh_engines: RunningEngines
) -> None:
    number = somebody()
    sent = echo("text", {"body": "Le llamo enseguida."}, to=number, id=f"wamid.{number}")
    async with ingest() as client:
        for _ in range(2):
            answer = await post(client, echoes([sent, echo(to=None)], contacts=[{"wa_id": number}]))
            assert answer.status_code == 200
    first, again = await eventually_events(fresh_engines.kafka, ECHOED, EchoedMessage, {pseudonym(number)}, 2)
    assert first.id == again.id
    assert (first.content, first.account) == (Text(text="Le llamo enseguida."), ACCOUNT)
    assert number not in first.model_dump_json().replace(first.provider_message_id, "")
    letters = await records(fresh_engines.kafka, ECHOED.dead_letters("ingest"))
    assert {dict(letter.headers)["dlq_reason"] for letter in letters} == {b"no_recipient"}


async def test_the_challenge_is_for_who_knows_the_token(ingest: Ingest) -> None:
    async with ingest() as client:
        asked = {"hub.mode": "subscribe", "hub.verify_token": "verify me, ñ", "hub.challenge": "1158201444"}
        answer = await client.get(PATH, params=asked)
        assert (answer.status_code, answer.text) == (200, "1158201444")
        assert answer.headers["content-type"].startswith("text/plain")
        for wrong in ({"hub.verify_token": "x"}, {"hub.mode": "unsubscribe"}):
            assert (await client.get(PATH, params=asked | wrong)).status_code == 403
        assert (await client.get(PATH)).status_code == 403


async def test_what_is_wrong_with_a_request_is_said(ingest: Ingest) -> None:
    async def ask(body: bytes, **headers: str) -> tuple[int, str]:
        genuine = signed(SECRET, body) | {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await client.post(PATH, content=body, headers=genuine)
        return answer.status_code, answer.json()["reason"]

    async with ingest() as client:
        good = raw(webhook())
        assert await ask(good, X_Hub_Signature_256="sha256=" + "0" * 64) == (401, "bad_signature")
        assert await ask(b"{", X_Hub_Signature_256="") == (401, "bad_signature")
        unsigned = await client.post(PATH, content=good)
        assert unsigned.status_code == 401
        assert signed(SECRET, good)["X-Hub-Signature-256"][7:] not in unsigned.text
        for bad in (b"", b"{", b"[]", b"{}", b'{"object":"page","entry":[]}'):
            assert await ask(bad) == (400, "bad_body")
        assert await ask(b" " * (3 * 1024 * 1024 + 1)) == (413, "too_large")
        assert (await client.post(PATH, content=b" " * (3 * 1024 * 1024) + good)).status_code == 413
        figures = (await client.get("/metrics")).text
        assert 'ventanilla_ingest_webhooks_total{outcome="bad_signature"}' in figures


async def test_a_full_body_is_taken_whole(ingest: Ingest, fresh_engines: RunningEngines) -> None:
    number, words = somebody(), "palabras " * 300
    many = [message("text", {"body": words}, from_=number, id=f"{number}.{place}") for place in range(1000)]
    async with ingest() as client:
        assert (await post(client, change(messages=many))).status_code == 200
    found = await eventually_events(fresh_engines.kafka, RECEIVED, ReceivedMessage, {pseudonym(number)}, 1000)
    assert [event.provider_message_id for event in found] == [one["id"] for one in many]


async def test_one_enormous_message_is_put_aside_and_the_rest_goes_on(
    ingest: Ingest, fresh_engines: RunningEngines
) -> None:
    number = somebody()
    huge = message("text", {"body": "x" * 2_500_000}, from_=number, id="huge")
    async with ingest() as client:
        answer = await post(client, change(messages=[huge, message(from_=number)]))
        assert answer.status_code == 200
    (found,) = await eventually_events(fresh_engines.kafka, RECEIVED, ReceivedMessage, {pseudonym(number)}, 1)
    assert found.provider_message_id == "wamid.A1"
    letters = await records(fresh_engines.kafka, RECEIVED.dead_letters("ingest"))
    reasons = [dict(letter.headers)["dlq_reason"] for letter in letters if len(letter.value or b"") > 800_000]
    assert reasons == [b"too_large"]


async def test_what_is_refused_stands_in_the_dead_letters_and_the_rest_goes_on(
    ingest: Ingest, fresh_engines: RunningEngines
) -> None:
    number = somebody()
    async with ingest() as client:
        answer = await post(
            client,
            change("999", messages=[message(from_=number)]),
            change(messages=[message(from_=number, timestamp="ayer"), message(from_=number)]),
            change(statuses=[status("vaporised", recipient_id=number)]),
            {"field": "calls", "value": {"calls": [{"id": number}]}},
        )
        assert answer.status_code == 200
    await eventually_events(fresh_engines.kafka, RECEIVED, ReceivedMessage, {pseudonym(number)}, 1)
    letters = [
        letter
        for topic in (RECEIVED, STATUS)
        for letter in await dead_letters(fresh_engines.kafka, topic.dead_letters("ingest"))
        if number.encode() in (letter.value or b"")
    ]
    assert sorted(letter.reason for letter in letters) == [
        "bad_timestamp",
        "not_handled_yet",
        "not_our_account",
        "unknown_status",
    ]
    for letter in letters:
        assert number not in letter.error
        assert number.encode() not in (letter.key or b"")
        assert json.loads(letter.value or b"")["object"] == "whatsapp_business_account"


async def test_a_person_with_two_ids_is_one_contact_and_it_is_announced_once(
    ingest: Ingest, fresh_engines: RunningEngines
) -> None:
    number, user = somebody(), f"SV.{uuid4().int % 10**17}"
    async with ingest() as client:
        for sent in (
            message(from_=number, id="1"),
            message(from_=number, from_user_id=user, id="2"),
            message(from_=None, from_user_id=user, id="3"),
            message(from_=number, from_user_id=user, id="4"),
        ):
            assert (await post(client, change(messages=[sent]))).status_code == 200
        told = status(recipient_id=None, recipient_user_id=user)
        assert (await post(client, change(statuses=[told]))).status_code == 200
    person = {pseudonym(number)}
    kafka = fresh_engines.kafka
    found = await eventually_events(kafka, RECEIVED, ReceivedMessage, person, 4)
    assert [event.provider_message_id for event in found] == ["1", "2", "3", "4"]
    assert len(await eventually_events(kafka, STATUS, MessageStatus, person, 1)) == 1
    (link,) = await eventually_events(kafka, CONTACT_LINKED, ContactLinked, person, 1)
    assert (link.alias_id, link.canonical_id, link.merged) == (pseudonym(user), pseudonym(number), False)


async def test_two_contacts_that_turn_out_to_be_one_are_joined_and_both_are_told(
    ingest: Ingest, fresh_engines: RunningEngines
) -> None:
    number, user = somebody(), f"SV.{uuid4().int % 10**17}"
    async with ingest() as client:
        for sent in (
            message(from_=None, from_user_id=user, id="1"),
            message(from_=number, id="2"),
            message(from_=number, from_user_id=user, id="3"),
            message(from_=None, from_user_id=user, id="4"),
        ):
            assert (await post(client, change(messages=[sent]))).status_code == 200
    kafka, both = fresh_engines.kafka, {pseudonym(number), pseudonym(user)}
    found = await eventually_events(kafka, RECEIVED, ReceivedMessage, both, 4)
    assert {event.provider_message_id: event.contact_id for event in found} == {
        "1": pseudonym(user),
        "2": pseudonym(number),
        "3": pseudonym(number),
        "4": pseudonym(number),
    }
    links = await eventually_events(kafka, CONTACT_LINKED, ContactLinked, both, 2)
    assert {link.contact_id for link in links} == both
    assert {(link.alias_id, link.canonical_id, link.merged) for link in links} == {
        (pseudonym(user), pseudonym(number), True)
    }


async def test_who_changes_his_number_stays_the_same_contact(
    ingest: Ingest, fresh_engines: RunningEngines
) -> None:
    old, new = somebody(), somebody()
    notice = {"type": "user_changed_number", "wa_id": new, "body": f"User A changed from {old} to {new}"}
    async with ingest() as client:
        for sent in (
            message(from_=old, id="1"),
            message("system", notice, from_=old, id="2"),
            message(from_=new, id="3"),
        ):
            assert (await post(client, change(messages=[sent]))).status_code == 200
    found = await eventually_events(fresh_engines.kafka, RECEIVED, ReceivedMessage, {pseudonym(old)}, 3)
    assert [event.provider_message_id for event in found] == ["1", "2", "3"]
    assert new not in found[1].model_dump_json()


async def test_a_burst_from_somebody_new_is_one_contact(
    ingest: Ingest, fresh_engines: RunningEngines
) -> None:
    number, user = somebody(), f"SV.{uuid4().int % 10**17}"
    shown: list[dict[str, Any]] = [
        {"from_": number},
        {"from_": None, "from_user_id": user},
        {"from_": number, "from_user_id": user},
    ]
    burst = [change(messages=[message(**shown[place % 3], id=str(place))]) for place in range(24)]
    async with ingest() as client:
        answers = await asyncio.gather(*(post(client, sent) for sent in burst))
        assert {answer.status_code for answer in answers} == {200}
        late = change(messages=[message(from_=None, from_user_id=user, id="late")])
        assert (await post(client, late)).status_code == 200
    both = {pseudonym(number), pseudonym(user)}
    found = await eventually_events(fresh_engines.kafka, RECEIVED, ReceivedMessage, both, 25)
    assert found[-1].provider_message_id == "late" or len({e.contact_id for e in found}) <= 2
    contact_of = {event.provider_message_id: event.contact_id for event in found}
    links = await eventually_events(fresh_engines.kafka, CONTACT_LINKED, ContactLinked, both, 1)
    assert {link.canonical_id for link in links} == {contact_of["late"]}


async def test_what_cannot_be_kept_is_asked_for_again(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch, settings: IngestSettings
) -> None:
    async def silent(*_: object) -> None:
        raise StoreError("no answer")

    async with ingest() as client:
        monkeypatch.setattr("ingest.store.aliases.Aliases.find", silent)
        answer = await post(client, change(messages=[message(from_=somebody())]))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        monkeypatch.undo()
        assert (await post(client, change(messages=[message(from_=somebody())]))).status_code == 200


async def test_a_link_that_was_kept_but_not_announced_is_announced_later(
    ingest: Ingest, fresh_engines: RunningEngines, settings: IngestSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, user = somebody(), f"SV.{uuid4().int % 10**17}"
    both = {pseudonym(number), pseudonym(user)}

    async def down(*_: object) -> None:
        raise StoreError("no answer")

    async with ingest() as client:
        for sent in (message(from_=None, from_user_id=user, id="1"), message(from_=number, id="2")):
            assert (await post(client, change(messages=[sent]))).status_code == 200
        monkeypatch.setattr("ingest.store.aliases.Aliases.unannounced", down)
        joined = change(messages=[message(from_=number, from_user_id=user, id="3")])
        assert (await post(client, joined)).status_code == 503
        monkeypatch.undo()
    store = Store.connect(settings.mongo_url, settings.mongo_database)
    kept = await store.collection("ingest_aliases").find_one({"_id": pseudonym(user)})
    await store.close()
    assert kept is not None
    assert (kept["contact"], kept["announced"]) == (pseudonym(number), 0)
    async with ingest() as client:
        later = change(messages=[message(from_=None, from_user_id=user, id="4")])
        assert (await post(client, later)).status_code == 200
    links = await eventually_events(fresh_engines.kafka, CONTACT_LINKED, ContactLinked, both, 2)
    assert {(link.contact_id, link.merged) for link in links} == {(one, True) for one in both}


async def test_an_older_message_does_not_bring_back_an_older_number(
    ingest: Ingest, settings: IngestSettings
) -> None:
    old, new, user = somebody(), somebody(), f"SV.{uuid4().int % 10**17}"
    later = str(int(AT) + 60)
    async with ingest() as client:
        for sent in (
            message(from_=old, from_user_id=user, id="1"),
            message(from_=new, from_user_id=user, id="2", timestamp=later),
            message(from_=old, from_user_id=user, id="0", timestamp=str(int(AT) + 30)),
        ):
            assert (await post(client, change(messages=[sent]))).status_code == 200
    store = Store.connect(settings.mongo_url, settings.mongo_database)
    kept = await store.collection("ingest_contacts").find_one({"_id": pseudonym(old)})
    await store.close()
    assert kept is not None
    assert (kept["number"], kept["user_id"]) == (new, user)
