"""However many states and however large: memory has its bound, and what is in use stays."""

from hypothesis import given
from hypothesis import strategies as st

from ventanilla.stream.cache import Cache

KEYS = st.sampled_from("abcdefgh")


@given(st.lists(st.tuples(st.sampled_from(["put", "get", "drop", "trim"]), KEYS, st.integers(0, 3_000))))
def test_it_knows_its_size_and_after_a_trim_that_is_within_the_limit(
    steps: list[tuple[str, str, int]],
) -> None:
    cache: Cache[object] = Cache(5_000)
    held: dict[str, int] = {}
    for step, key, size in steps:
        match step:
            case "put":
                cache.put(key, object(), size)
                held[key] = size
            case "drop":
                cache.drop(key)
                held.pop(key, None)
            case "trim":
                cache.trim()
                assert cache.size <= 5_000
                held = {one: size for one, size in held.items() if cache.get(one) is not None}
        assert len(cache) == len(held)
        assert cache.size >= sum(held.values())
    cache.clear()
    assert (cache.size, len(cache)) == (0, 0)


def test_what_was_used_longest_ago_goes_first() -> None:
    cache: Cache[str] = Cache(2_500)
    for key in "abc":
        cache.put(key, key, 500)
    cache.get("a")
    cache.put("d", "d", 500)
    cache.trim()
    assert [key for key in "abcd" if cache.get(key)] == ["a", "c", "d"]


def test_states_without_anything_in_them_count_too() -> None:
    cache: Cache[str] = Cache(10_000)
    for number in range(1_000):
        cache.put(str(number), "nothing", 0)
    cache.trim()
    assert len(cache) < 100
