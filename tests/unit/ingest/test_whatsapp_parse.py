"""Whole webhooks: whose each message is, what is refused and why, and that one bad part spoils no other."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json

from ingest.channels.whatsapp.drafts import Drafts
from ingest.channels.whatsapp.parse import NotAWebhookError, parse
from support.whatsapp import (
    ACCOUNT,
    AT,
    JOSE,
    MARIA,
    MARIA_USER,
    OTHER_ACCOUNT,
    change,
    contact,
    echo,
    echoes,
    message,
    raw,
    status,
    webhook,
)
from ventanilla.contracts.channel import (
    DeliveryStatus,
    ProviderConversation,
    ProviderPricing,
    StatusError,
    Text,
)

OURS = frozenset({ACCOUNT, OTHER_ACCOUNT})
NOW = datetime(2026, 11, 25, tzinfo=UTC)


def read(*changes: dict[str, Any]) -> Drafts:
    return parse(raw(webhook(*changes)), OURS)


def reasons(drafts: Drafts) -> list[str]:
    return [reject.reason for reject in drafts.rejects]


# --- whose it is ---------------------------------------------------------------------------------------


def test_each_message_belongs_to_the_number_of_its_own_change() -> None:
    drafts = read(
        change(ACCOUNT, messages=[message(id="1"), message(id="2")]),
        change(OTHER_ACCOUNT, messages=[message(id="3", from_=JOSE)]),
    )
    assert [(one.person.account, one.provider_message_id) for one in drafts.messages] == [
        (ACCOUNT, "1"),
        (ACCOUNT, "2"),
        (OTHER_ACCOUNT, "3"),
    ]


def test_messages_and_statuses_of_several_entries_are_all_taken() -> None:
    body = webhook(change(messages=[message()], statuses=[status()]))
    body["entry"].append(webhook(change(messages=[message(id="wamid.A2")]))["entry"][0])
    drafts = parse(raw(body), OURS)
    assert (len(drafts.messages), len(drafts.statuses), drafts.rejects) == (2, 1, [])


def test_a_time_in_unix_seconds_is_utc() -> None:
    (draft,) = read(change(messages=[message()])).messages
    assert draft.person.at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_the_same_message_again_is_the_same_event() -> None:
    (first,) = read(change(messages=[message()])).messages
    (again,) = read(change(messages=[message()], contacts=[contact()])).messages
    (other_number,) = read(change(OTHER_ACCOUNT, messages=[message()])).messages
    assert first.event("c", NOW).id == again.event("c", NOW).id != other_number.event("c", NOW).id


# --- who it is -----------------------------------------------------------------------------------------

WHO: dict[str, tuple[dict[str, Any], list[dict[str, Any]], tuple[str, ...], str | None, str | None]] = {
    "a number": (message(), [contact()], (MARIA,), MARIA, None),
    "a number, spelt out": (message(from_="+503 7000-1234"), [], (MARIA,), MARIA, None),
    "number and user id on the message": (
        message(from_user_id=MARIA_USER), [], (MARIA, MARIA_USER), MARIA, MARIA_USER,
    ),
    "the user id only in contacts": (
        message(), [contact(user_id=MARIA_USER)], (MARIA, MARIA_USER), MARIA, MARIA_USER,
    ),
    "a hidden number": (
        message(from_=None, from_user_id=MARIA_USER), [contact(wa_id=None, user_id=MARIA_USER)],
        (MARIA_USER,), None, MARIA_USER,
    ),
    "a user id in the place of the number": (message(from_=MARIA_USER), [], (MARIA_USER,), None, MARIA_USER),
    "a parent's user id as well": (
        message(from_=None, from_user_id=MARIA_USER, from_parent_user_id="SV.ENT.99"), [],
        (MARIA_USER, "SV.ENT.99"), None, MARIA_USER,
    ),
    "a changed number": (
        message("system", {"type": "user_changed_number", "wa_id": "50379990000"}), [],
        (MARIA, "50379990000"), "50379990000", None,
    ),
    "a changed user id": (
        message(
            "system",
            {"type": "user_changed_user_id", "user_id": "SV.2", "previous_user_id": "SV.1"},
            from_=None, from_user_id="SV.2",
        ),
        [], ("SV.1", "SV.2"), None, "SV.2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WHO)
def test_a_person_is_known_by(name: str) -> None:
    sent, contacts, ids, number, user_id = WHO[name]
    (draft,) = read(change(messages=[sent], contacts=contacts)).messages
    assert (draft.person.ids, draft.person.number, draft.person.user_id) == (ids, number, user_id)


def test_each_of_several_people_gets_his_own_name() -> None:
    drafts = read(
        change(
            messages=[message(), message(id="2", from_=JOSE), message(id="3", from_="50372220000")],
            contacts=[contact("José", JOSE), contact("María", MARIA)],
        )
    )
    assert [one.sender.name for one in drafts.messages] == ["María", "José", None]


def test_contacts_that_are_nonsense_cost_the_name_and_nothing_else() -> None:
    drafts = read(change(messages=[message()], contacts=[7, {"profile": "x"}, None]))
    assert [one.sender.name for one in drafts.messages] == [None]


def test_in_a_group_the_group_is_the_contact_and_the_writer_is_named() -> None:
    (draft,) = read(change(messages=[message(group_id="Y2FwaV9ncm91cA==")], contacts=[contact()])).messages
    assert (draft.person.ids, draft.person.group_id) == (("Y2FwaV9ncm91cA==",), "Y2FwaV9ncm91cA==")
    assert (draft.person.number, draft.person.name) == (None, None)
    assert (draft.sender.name, draft.sender.address_hint) == ("María", "…1234")


# --- statuses ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["sent", "delivered", "read", "played", "failed"])
def test_a_status_says_which_part_of_which_message(word: str) -> None:
    (draft,) = read(change(statuses=[status(word, biz_opaque_callback_data="m-1:2:3:conv:7")])).statuses
    event = draft.event("c", NOW)
    assert event.received_at == NOW
    assert event.status is DeliveryStatus(word)
    assert (event.message_id, event.part, event.parts, event.conversation_id) == ("m-1", 2, 3, "conv:7")
    assert (event.provider_message_id, event.account) == ("wamid.B1", ACCOUNT)


def test_conversation_and_price_are_kept() -> None:
    (draft,) = read(
        change(
            statuses=[
                status(
                    conversation={"id": "k1", "expiration_timestamp": AT, "origin": {"type": "service"}},
                    pricing={
                        "billable": True,
                        "pricing_model": "PMP",
                        "category": "utility",
                        "type": "free_customer_service",
                    },
                )
            ]
        )
    ).statuses
    expires = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert draft.conversation == ProviderConversation(id="k1", expires_at=expires, origin="service")
    assert draft.pricing == ProviderPricing(
        billable=True, model="PMP", category="utility", type="free_customer_service"
    )


def test_a_failure_says_why() -> None:
    errors = [{"code": 131047, "title": "Re-engagement message", "error_data": {"details": "24 hours"}}]
    (draft,) = read(change(statuses=[status("failed", errors=errors)])).statuses
    assert draft.error == StatusError(code="131047", title="Re-engagement message", details="24 hours")


def test_a_status_of_a_message_that_is_not_ours_has_no_message_id() -> None:
    for data in (None, "", "campaign-7", "a:b:c:d", "a:1:2:", "a:１:2:c", "a:1:99999:c"):
        (draft,) = read(change(statuses=[status(biz_opaque_callback_data=data)])).statuses
        assert (draft.message_id, draft.part, draft.parts) == (None, 0, 1), data


def test_the_same_status_twice_is_the_same_event_and_a_later_one_is_not() -> None:
    one, again, later, other = (
        draft.event("c", NOW).id
        for draft in read(
            change(statuses=[status(), status(), status(timestamp="1700000001"), status("read")])
        ).statuses
    )
    assert one == again
    assert len({one, later, other}) == 3


def test_a_status_shows_who_the_recipient_is_by_both_ids() -> None:
    (draft,) = read(change(statuses=[status(recipient_user_id=MARIA_USER)])).statuses
    assert draft.person.ids == (MARIA, MARIA_USER)


def test_a_status_of_a_group_is_the_groups() -> None:
    sent = status(recipient_id="Y2Fw", recipient_type="group", recipient_participant_id=MARIA)
    (draft,) = read(change(statuses=[sent])).statuses
    assert (draft.person.ids, draft.person.group_id) == (("Y2Fw",), "Y2Fw")


# --- what is refused, and why ----------------------------------------------------------------------------

SENSELESS: dict[str, tuple[Any, str]] = {
    "no id": (message(id=None), "no_id"),
    "an empty id": (message(id=" "), "no_id"),
    "no time": (message(timestamp=None), "bad_timestamp"),
    "a time that is a word": (message(timestamp="ayer"), "bad_timestamp"),
    "a time with a fraction": (message(timestamp="1700000000.5"), "bad_timestamp"),
    "a time in the year 60000": (message(timestamp="1700000000000000"), "bad_timestamp"),
    "a time that is true": (message(timestamp=True), "bad_timestamp"),
    "nobody": (message(from_=None), "no_sender"),
    "an empty number": (message(from_="  "), "no_sender"),
    "a number that is a number": (message(from_=50370001234), "bad_content"),
    "a type that is none": (message(type=7), "bad_content"),
    "no type": (message(type=None), "bad_content"),
    "a text without a body": (message("text", {}), "bad_content"),
    "a text that is a number": (message("text", {"body": 7}), "bad_content"),
    "a picture without an id": (message("image", {"mime_type": "image/png"}), "bad_content"),
    "a place nowhere": (message("location", {"latitude": "13"}), "bad_content"),
    "a message that is a word": ("hola", "bad_content"),
    "a message that is nothing": (None, "bad_content"),
}


@pytest.mark.parametrize("name", SENSELESS)
def test_one_senseless_message_is_refused_and_the_rest_goes_on(name: str) -> None:
    bad, reason = SENSELESS[name]
    drafts = read(change(messages=[message(id="before"), bad, message(id="after")]))
    assert [one.provider_message_id for one in drafts.messages] == ["before", "after"]
    assert reasons(drafts) == [reason]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (status(id=None), "no_id"),
        (status(timestamp="x"), "bad_timestamp"),
        (status("teleported"), "unknown_status"),
        (status(recipient_id=None), "no_recipient"),
        (status(pricing="free"), "bad_content"),
        (status(conversation={"id": "k", "expiration_timestamp": "soon"}), "bad_timestamp"),
        ([], "bad_content"),
    ],
)
def test_one_senseless_status_is_refused_and_the_rest_goes_on(bad: Any, reason: str) -> None:
    drafts = read(change(messages=[message()], statuses=[status(), bad, status("read")]))
    assert (len(drafts.messages), len(drafts.statuses), reasons(drafts)) == (1, 2, [reason])
    assert drafts.rejects[0].topic.name == "channel.message.status.v1"


def test_what_was_refused_can_be_posted_again_by_itself() -> None:
    drafts = read(
        change(
            messages=[message(id="good"), message(timestamp="ayer")],
            contacts=[contact()],
            statuses=[status()],
        )
    )
    (reject,) = drafts.rejects
    mended = reject.body.replace(b'"ayer"', b'"1700000000"')
    again = parse(mended, OURS)
    assert [one.provider_message_id for one in again.messages] == ["wamid.A1"]
    assert again.messages[0].sender.name == "María"
    assert (again.statuses, again.rejects) == ([], [])


def test_a_message_whose_bytes_are_no_text_is_refused_by_itself_and_kept_as_it_came() -> None:
    body = raw(webhook(change(messages=[message(id="wamid.A1"), message("text", {"body": "ROTO"})])))
    drafts = parse(body.replace(b"ROTO", b"ro\xfft\xc3"), OURS)
    assert ([one.provider_message_id for one in drafts.messages], reasons(drafts)) == (
        ["wamid.A1"],
        ["bad_content"],
    )
    (reject,) = drafts.rejects
    assert b"ro\xfft\xc3" in reject.body
    assert parse(reject.body, OURS).rejects == [reject]


WHOLE: dict[str, tuple[Any, str]] = {
    "a number that is not ours": (change("999", messages=[message()]), "not_our_account"),
    "calls": ({"field": "calls", "value": {"calls": []}}, "not_handled_yet"),
    "an update of the account": ({"field": "account_update", "value": {"event": "x"}}, "not_handled_yet"),
    "an echo of nothing": ({"field": "smb_message_echoes", "value": {}}, "bad_shape"),
    "echoes that are no list": (echoes({"0": echo()}), "bad_shape"),
    "no echoes": (echoes([]), "nothing_in_it"),
    "a number that is not ours, on its telephone": (echoes([echo()], "999"), "not_our_account"),
    "no field": ({"value": {}}, "not_handled_yet"),
    "a field that is no name": ({"field": ["x"], "value": {}}, "not_handled_yet"),
    "no value": ({"field": "messages"}, "bad_shape"),
    "no metadata": ({"field": "messages", "value": {"messages": []}}, "bad_shape"),
    "messages that are no list": (change(messages={"0": message()}), "bad_shape"),
    "nothing in it": (change(), "nothing_in_it"),
    "an error of the provider's": (change(errors=[{"code": 130429, "title": "Rate"}]), "provider_error"),
    "a word": ("hola", "bad_shape"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_change_that_cannot_be_taken_is_kept_whole_and_the_others_go_on(name: str) -> None:
    bad, reason = WHOLE[name]
    drafts = read(bad, change(messages=[message()]))
    assert (len(drafts.messages), reasons(drafts)) == (1, [reason])
    assert from_json(drafts.rejects[0].body)["entry"][0]["changes"] == [bad]


@pytest.mark.parametrize("entry", [None, 7, "x", [], {}, {"changes": "x"}, {"id": "1", "changes": None}])
def test_an_entry_that_is_none_is_kept_and_the_others_go_on(entry: Any) -> None:
    body = webhook(change(messages=[message()]))
    body["entry"].insert(0, entry)
    drafts = parse(raw(body), OURS)
    assert (len(drafts.messages), reasons(drafts)) == (1, ["bad_shape"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"{}",
        b'{"object": "page", "entry": []}',
        b'{"object": "whatsapp_business_account"}',
        b'{"object": "whatsapp_business_account", "entry": {}}',
        b"\xff\xfe",
        b'{"object": "whatsapp_business_account", "entry": ["\\ud800"]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_webhook_is_refused_with_a_reason(body: bytes) -> None:
    with pytest.raises(NotAWebhookError, match=r".+"):
        parse(body, OURS)


def test_no_reason_repeats_what_was_written() -> None:
    secret = "50378889999"
    bad = [message(from_={"x": secret}), message(timestamp=secret + "x"), message("text", {"body": [secret]})]
    drafts = read(change(messages=bad, statuses=[status(secret), status(id=[secret])]), {"field": secret})
    assert len(drafts.rejects) == 6
    assert all(secret not in reject.error for reject in drafts.rejects)


# --- whatever comes ------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    ["id", "from", "timestamp", "type", "text", "image", "interactive", "system", "context"]
)
ITEM = st.dictionaries(NAMES | st.sampled_from(["status", "recipient_id", "errors"]), JSON, max_size=8) | JSON
VALUE = st.fixed_dictionaries(
    {"metadata": st.just({"phone_number_id": ACCOUNT}) | JSON},
    optional={
        name: st.lists(ITEM, max_size=3) | JSON
        for name in ("messages", "statuses", "message_echoes", "contacts")
    },
)
CHANGE = st.fixed_dictionaries({"field": st.just("messages") | JSON, "value": VALUE | JSON}) | JSON
ENTRY = st.fixed_dictionaries({"changes": st.lists(CHANGE, max_size=3) | JSON}) | JSON


@given(st.lists(ENTRY, max_size=3))
def test_whatever_the_entries_hold_nothing_is_lost_and_nothing_breaks(entries: list[Any]) -> None:
    body = json.dumps({"object": "whatsapp_business_account", "entry": entries}).encode()
    try:
        drafts = parse(body, OURS)
    except NotAWebhookError:
        return  # a lone surrogate: no JSON that has a meaning
    for draft in drafts.messages:
        draft.event("c", NOW).model_dump_json()
    for told in drafts.statuses:
        told.event("c", NOW).model_dump_json()
    for echoed in drafts.echoes:
        echoed.event("c", NOW).model_dump_json()
    changes = [one for entry in entries for one in _changes(entry)]
    kept = len(drafts.messages) + len(drafts.statuses) + len(drafts.echoes) + len(drafts.rejects)
    assert kept >= len(changes)


def _changes(entry: Any) -> list[Any]:
    changes = entry.get("changes") if isinstance(entry, dict) else None
    return changes if isinstance(changes, list) else [entry]


@given(st.binary(max_size=200))
def test_whatever_the_bytes_are_they_are_refused_or_read(body: bytes) -> None:
    with suppress(NotAWebhookError):
        parse(body, OURS)


@given(st.randoms(use_true_random=False))
def test_in_any_order_a_batch_gives_the_same_events(random: Random) -> None:
    messages = [message(id=str(number), from_=random.choice([MARIA, JOSE])) for number in range(8)]
    statuses = [status(word, id=str(number)) for number, word in enumerate(("sent", "read", "failed"))]
    people = [contact(), contact("José", JOSE)]
    one = read(change(messages=messages, statuses=statuses, contacts=people))
    random.shuffle(messages)
    random.shuffle(statuses)
    cut = random.randint(0, 8)
    two = read(
        change(statuses=statuses),
        change(messages=messages[cut:], contacts=people) if cut < 8 else change(statuses=statuses),
        change(messages=messages[:cut], contacts=people) if cut else change(statuses=statuses),
    )

    def events(drafts: Drafts) -> set[str]:
        said = {draft.event(draft.person.ids[0], NOW).model_dump_json() for draft in drafts.messages}
        return said | {draft.event(draft.person.ids[0], NOW).model_dump_json() for draft in drafts.statuses}

    assert events(one) == events(two)


def test_a_body_of_a_thousand_messages_is_read_whole() -> None:
    many = [message("text", {"body": f"{number}"}, id=str(number)) for number in range(1000)]
    drafts = read(change(messages=many))
    assert [one.content for one in drafts.messages] == [Text(text=str(number)) for number in range(1000)]
