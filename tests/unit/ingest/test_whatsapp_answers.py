"""What each answer of the provider's means, and whom a request is addressed to."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from ingest.channels.sender import Address, Rejected, RetryLater
from ingest.channels.whatsapp.sender import addressed, provider_message_id, retry_after
from ventanilla.contracts.channel import Channel


def answer(status: int, body: Any, **headers: str) -> str:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return provider_message_id(
        status, CIMultiDict({k.replace("_", "-"): v for k, v in headers.items()}), content
    )


def error(code: int, **more: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": f"(#{code}) Something", "type": "OAuthException", **more}}


def test_an_accepted_part_has_the_providers_id() -> None:
    assert answer(200, {"messages": [{"id": "wamid.X"}], "contacts": []}) == "wamid.X"


@pytest.mark.parametrize("code", [4, 80007, 130429, 131000, 131016, 131056, 131057, 133004])
@pytest.mark.parametrize("status", [400, 429, 500])
def test_these_codes_are_tried_again_whatever_the_status(code: int, status: int) -> None:
    with pytest.raises(RetryLater) as later:
        answer(status, error(code))
    assert later.value.code == str(code)


@pytest.mark.parametrize("code", [368, 131026, 131047, 131050, 131062])
@pytest.mark.parametrize("status", [400, 429, 500])
def test_these_codes_are_final_whatever_the_status(code: int, status: int) -> None:
    with pytest.raises(Rejected) as no:
        answer(status, error(code, error_data={"details": "why"}))
    assert (no.value.code, no.value.details) == (str(code), "why")


@pytest.mark.parametrize("code", [100, 190, 132000])
def test_any_other_code_is_final_with_400_and_tried_again_with_500(code: int) -> None:
    with pytest.raises(Rejected):
        answer(400, error(code))
    with pytest.raises(RetryLater):
        answer(500, error(code))


def test_what_the_provider_calls_transient_is_tried_again() -> None:
    with pytest.raises(RetryLater):
        answer(400, error(2, is_transient=True))


@pytest.mark.parametrize("status", [200, 201, 301, 404, 429, 502])
@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{}", b'{"messages": []}', b'{"messages": [{"id": ""}]}', b"[]"]
)
def test_an_answer_that_makes_no_sense_is_tried_again(status: int, body: bytes) -> None:
    with pytest.raises(RetryLater):
        answer(status, body)


def test_the_providers_wish_is_read() -> None:
    with pytest.raises(RetryLater) as later:
        answer(429, error(4), Retry_After="17")
    assert later.value.after_seconds == 17


@pytest.mark.parametrize("header", [None, "", "soon", "-3", "nan", "inf", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_wish_that_is_no_number_of_seconds_is_none(header: str | None) -> None:
    assert retry_after(header) is None


@given(st.integers(200, 599), st.binary(max_size=100))
def test_whatever_comes_is_an_id_or_one_of_two_answers(status: int, content: bytes) -> None:
    with pytest.raises((Rejected, RetryLater)):
        provider_message_id(status, {}, content)


def test_a_number_is_preferred_a_user_id_serves_and_a_group_is_a_group() -> None:
    def to(**ids: str) -> dict[str, Any]:
        return addressed(Address("c", Channel.WHATSAPP, "a", **ids))

    assert to(number="503", user_id="SV.1") == {"recipient_type": "individual", "to": "503"}
    assert to(user_id="SV.1") == {"recipient_type": "individual", "recipient": "SV.1"}
    assert to(group_id="g") == {"recipient_type": "group", "to": "g"}
