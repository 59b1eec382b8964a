"""The sandbox forgets the oldest rather than growing without end, and says so."""

from datetime import UTC, datetime

from sandbox.store.journal import Happening, Journal
from sandbox.store.phones import Arrived, Phones

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def arrived(phones: Phones, contact: str) -> None:
    number = phones.next_number()
    message = Arrived(
        number, f"wamid.{number}", "1", contact, "text", "x", (), {}, NOW, NOW, None, None, "service"
    )
    phones.keep(phones.get(contact), message)


def test_the_oldest_messages_are_forgotten_and_counted() -> None:
    phones = Phones(keep=10, keep_messages=3)
    for contact in ("1", "2", "1", "1"):
        arrived(phones, contact)
    assert [message.number for message in phones.get("1").arrived] == [3, 4]
    assert phones.forgotten == 1


def test_the_phone_that_was_silent_for_longest_is_forgotten() -> None:
    phones = Phones(keep=2, keep_messages=10)
    for contact in ("1", "2", "1", "3"):
        phones.get(contact)
    assert phones.find("2") is None
    assert phones.find("1") is not None


async def test_a_watcher_sees_everything_in_order_or_learns_that_it_did_not() -> None:
    journal = Journal(keep=3)
    for number in range(1, 6):
        journal.add("message", str(number % 2), "1", {})
    everything = journal.watch(2, lambda _: True, idle=0.01)
    assert _numbers(await anext(everything)) == [3, 4, 5]
    assert await anext(everything) == []
    journal.add("message", "0", "1", {})
    assert _numbers(await anext(everything)) == [6]
    late = journal.watch(0, lambda _: True, idle=0.01)
    assert await anext(late) is None
    restarted = journal.watch(99, lambda _: True, idle=0.01)
    assert await anext(restarted) is None
    odd = journal.watch(3, lambda happening: happening.contact == "1", idle=0.01)
    assert _numbers(await anext(odd)) == [5]


def _numbers(found: list[Happening] | None) -> list[int]:
    assert found is not None
    return [happening.number for happening in found]
